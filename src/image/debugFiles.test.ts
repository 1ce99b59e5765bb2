import assert from "node:assert/strict";
import { test } from "node:test";

import { planSandbox, SHELL_PROGRAM } from "#agent/debug/planSandbox.ts";
import { parseDebugPolicy } from "#definition/debugPolicy.ts";
import { parseDefinition } from "#definition/parseDefinition.ts";

import { toLockRequest } from "./buildPackages.ts";
import { debugFiles } from "./debugFiles.ts";

const define = (debug?: unknown) =>
  parseDefinition({ id: "edge", version: "1.0", ...(debug ? { debug } : {}) });

const contentOf = (path: string, debug: unknown) => {
  const file = debugFiles(define(debug)).find((found) => found.path === path);
  assert.ok(file?.kind === "file", `there is ${path}`);
  return String(file.content);
};

test("where no session is allowed, nothing of it is in the image", () => {
  for (const debug of [undefined, { longest: "2h" }, { allowed: false, packages: ["strace"] }]) {
    assert.deepEqual(debugFiles(define(debug)), []);
    assert.deepEqual(toLockRequest(define(debug)), toLockRequest(define()));
  }
});

test("where sessions are allowed, the tools are in the lock, and no others are taken out of it", () => {
  const without = toLockRequest(define()).packages;
  const packagesOf = (debug: object) => toLockRequest(define({ allowed: true, ...debug })).packages;
  assert.deepEqual(
    packagesOf({}).filter((name) => !without.includes(name)),
    ["busybox-static"],
  );
  assert.deepEqual(packagesOf({ packages: [] }), without);
});

test("the image says how long a session may be, and its units end one that is longer", () => {
  const debug = { allowed: true, longest: "15min" };
  assert.deepEqual(parseDebugPolicy(contentOf("/usr/lib/socle/debug.json", debug)), { longestSeconds: 900 });
  assert.match(contentOf("/usr/lib/systemd/system/socle-debug@.service", debug), /^RuntimeMaxSec=960$/m);
});

test("the agent alone reaches the socket, which is started with the machine", () => {
  const files = debugFiles(define({ allowed: true }));
  const socket = contentOf("/usr/lib/systemd/system/socle-debug.socket", { allowed: true });
  assert.match(socket, /^SocketUser=socle-agent$/m);
  assert.match(socket, /^SocketMode=0600$/m);
  const paths = files.map(({ path }) => path);
  for (const file of files.filter((found) => found.kind === "symlink"))
    assert.ok(paths.includes(new URL(file.target, `file://${file.path}`).pathname), file.path);
});

test("what runs a session's command is in the image", () => {
  assert.match(contentOf(SHELL_PROGRAM, { allowed: true }), /^#!\/bin\/sh\n/);
});

test("a session's command is run with what the caller said, word for word, and ends with what serves it", () => {
  const { unit, words } = planSandbox({
    id: "2026-03-01T12-00-00Z-5f1c",
    seconds: 900,
    hasTerminal: true,
    command: ["sh", "-c", "echo $HOME; --pipe"],
    owner: "socle-debug@0-1-0.service",
  });
  assert.equal(unit, "socle-debug-shell-2026-03-01T12-00-00Z-5f1c.service");
  assert.deepEqual(words.slice(words.indexOf("--")), ["--", SHELL_PROGRAM, "sh", "-c", "echo $HOME; --pipe"]);
  for (const word of [
    "--pty",
    "--expand-environment=no",
    "--property=RuntimeMaxSec=910",
    "--property=BindsTo=socle-debug@0-1-0.service",
    "--property=DynamicUser=yes",
    "--property=CapabilityBoundingSet=CAP_DAC_READ_SEARCH",
  ])
    assert.ok(words.includes(word), word);
  assert.ok(!words.some((word) => /CAP_(?!DAC_READ_SEARCH)/.test(word)), "no other capability");
});
