import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { parseFingerprint } from "#trust/fingerprint.ts";

import { keepNotice, toReachable } from "./keepNotice.ts";
import { renderMaintenanceNotice, renderReadyNotice } from "./renderNotice.ts";

const fingerprint = parseFingerprint("ab".repeat(32));
const notice = { system: "minimal 1.0.0", port: 7443, fingerprint };

test("the console says where the machine waits, how to know it, and what to type", () => {
  const text = renderMaintenanceNotice({ ...notice, addresses: ["10.0.2.15"], isRefused: false });
  assert.match(text, /address {6}10\.0\.2\.15\n/);
  assert.match(text, /socle config apply FILE --insecure --host 10\.0\.2\.15 \\\n/);
  assert.equal(text.split(fingerprint).length, 3, "for the eye and in the command");
  assert.doesNotMatch(text, /refused|--port/);
  assert.ok(text.split("\n").every((line) => line.length < 100));
  const other = renderMaintenanceNotice({ ...notice, port: 8443, addresses: [], isRefused: true });
  assert.match(other, /none yet[^]*--host ADDRESS --port 8443/);
  assert.match(other, /refused/);
  assert.match(renderReadyNotice({ ...notice, addresses: ["10.0.2.15"] }), new RegExp(fingerprint));
});

const ALL = ["127.0.0.1/8", "::1/128", "10.0.2.15/24", "fe80::1/64", "2001:db8::5/64"].map((address) => ({
  address,
}));

const reachable: readonly (readonly [host: string, all: typeof ALL, found: readonly string[]])[] = [
  ["0.0.0.0", ALL, ["10.0.2.15"]],
  ["::", ALL, ["10.0.2.15", "2001:db8::5"]],
  ["192.0.2.1", ALL, ["192.0.2.1"]],
  ["::", [{ address: "fe80::1/64" }], ["fe80::1"]],
  ["0.0.0.0", [{ address: "127.0.0.1/8" }], []],
];

test("addresses are those at which others may reach the port", () => {
  for (const [host, all, found] of reachable) assert.deepEqual(toReachable(all, { host, port: 1 }), found);
});

test("a notice is shown again when an address comes, and then no more", async () => {
  const shown: string[] = [];
  const addresses: { address: string }[] = [];
  const end = keepNotice({
    listen: { host: "0.0.0.0", port: 1 },
    render: (found) => found.join(),
    listAddresses: () => Promise.resolve(addresses),
    show: (text) => Promise.resolve(void shown.push(text)),
    isOnce: true,
    everyMs: 5,
    log: () => assert.fail("nothing is wrong"),
  });
  await sleep(30);
  addresses.push({ address: "10.0.0.1/24" });
  await sleep(60);
  addresses.push({ address: "10.0.0.2/24" });
  await sleep(30);
  end();
  assert.deepEqual(shown, ["", "10.0.0.1"]);
});

test("where nothing can be shown, it is said once", async () => {
  let said = 0;
  keepNotice({
    listen: { host: "0.0.0.0", port: 1 },
    render: () => "x",
    listAddresses: () => Promise.resolve([]),
    show: () => Promise.reject(new Error("read-only file system")),
    isOnce: false,
    everyMs: 2,
    log: () => (said += 1),
  });
  await sleep(30);
  assert.equal(said, 1);
});
