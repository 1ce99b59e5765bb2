import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseListenAddress } from "./listenAddress.ts";
import { AGENT_VERSION } from "./version.ts";

test("an address to listen on is host and port", () => {
  assert.deepEqual(parseListenAddress("0.0.0.0:7443"), { host: "0.0.0.0", port: 7443 });
  assert.deepEqual(parseListenAddress("[::1]:0"), { host: "::1", port: 0 });
  assert.deepEqual(parseListenAddress("localhost:65535"), { host: "localhost", port: 65_535 });
});

test("anything else is refused with the value", () => {
  for (const text of ["", "7443", ":7443", "host:", "host:65536", "::1:7443", "a b:1", "host:1x"]) {
    assert.throws(() => parseListenAddress(text), {
      code: "listen-address",
      message: new RegExp(`^Cannot listen on "${text}"`),
    });
  }
});

test("the agent's version is that of the package", async () => {
  const file = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  assert.equal((JSON.parse(file) as { version: string }).version, AGENT_VERSION);
});
