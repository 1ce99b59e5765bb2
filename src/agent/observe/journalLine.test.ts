import assert from "node:assert/strict";
import { test } from "node:test";

import { timestampMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";

import { parseJournalLine, parseKernelLine } from "./journalLine.ts";

const ENTRY = {
  __REALTIME_TIMESTAMP: "1769000000123456",
  __MONOTONIC_TIMESTAMP: "77",
  _BOOT_ID: "0123456789abcdef0123456789abcdef",
  PRIORITY: "3",
  _SYSTEMD_UNIT: "ssh.service",
  SYSLOG_IDENTIFIER: "sshd",
  _PID: "42",
  MESSAGE: "hello",
};

function parse(changes: Readonly<Record<string, unknown>> = {}) {
  const line = parseJournalLine(JSON.stringify({ ...ENTRY, ...changes }));
  assert.ok(line);
  return line;
}

test("a line of the journal has its time, boot, unit and text", () => {
  const { at, ...line } = parse();
  assert.equal(
    at && "seconds" in at && timestampMs(at as Parameters<typeof timestampMs>[0]),
    1_769_000_000_123,
  );
  assert.deepEqual(line, {
    bootId: "01234567-89ab-cdef-0123-456789abcdef",
    priority: 3,
    unit: "ssh.service",
    identifier: "sshd",
    pid: 42,
    message: "hello",
  });
});

test("what systemd says of a unit is that unit's", () => {
  assert.equal(parse({ _SYSTEMD_UNIT: "init.scope", UNIT: "nginx.service" }).unit, "nginx.service");
});

test("a text that is no UTF-8 comes as numbers, one that is too large as null", () => {
  assert.equal(parse({ MESSAGE: [104, 105, 255] }).message, "hi�");
  assert.equal(parse({ MESSAGE: null }).message, "");
  assert.equal(parse({ MESSAGE: ["first", "second"] }).message, "first");
  assert.equal(parse({ MESSAGE: "x".repeat(100_000) }).message?.length, 32_768);
});

test("without a priority it is information", () => {
  assert.equal(parse({ PRIORITY: undefined }).priority, 6);
});

test("a line of the kernel has the time since its start", () => {
  const text = JSON.stringify({ ...ENTRY, _SOURCE_MONOTONIC_TIMESTAMP: "1234567" });
  assert.deepEqual(parseKernelLine(text), { sinceBootUs: 1_234_567n, priority: 3, message: "hello" });
});

test("whatever comes, it is a line or none", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      parseJournalLine(text);
      parseKernelLine(text);
    }),
  );
});
