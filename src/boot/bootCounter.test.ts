import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import {
  BootCounterError,
  decodeBootEntryName,
  encodeBootEntryName,
  toBootAssessment,
} from "./bootCounter.ts";

const READ = [
  ["minimal_1.0.0.efi", undefined, "good"],
  ["minimal_1.0.0+3.efi", { left: 3, done: 0 }, "trying"],
  ["minimal_1.0.0+3-0.efi", { left: 3, done: 0 }, "trying"],
  ["minimal_1.0.0+2-1.efi", { left: 2, done: 1 }, "trying"],
  ["minimal_1.0.0+0-3.efi", { left: 0, done: 3 }, "bad"],
  ["minimal_1.0.0+0.efi", { left: 0, done: 0 }, "bad"],
  ["minimal_1.0.0+09-01.efi", { left: 9, done: 1 }, "trying"],
] as const;
for (const [name, counter, assessment] of READ) {
  test(`"${name}" is ${assessment}`, () => {
    const entry = decodeBootEntryName(name);
    assert.deepEqual(entry, { id: "minimal", version: "1.0.0", ...(counter && { counter }) });
    assert.equal(toBootAssessment(entry), assessment);
  });
}

for (const name of [
  "",
  "minimal.efi",
  "minimal_1.0.0.conf",
  "minimal_1.0.0+.efi",
  "minimal_1.0.0+3-.efi",
  "minimal_1+2_3.efi",
  "A_1.efi",
  "a_1.efi.bak",
  "a_1+-1.efi",
]) {
  test(`"${name}" is somebody else's file`, () => assert.equal(decodeBootEntryName(name), undefined));
}

test("a version with a minus is not taken for a counter", () => {
  assert.deepEqual(decodeBootEntryName("edge_1.0-2+3-0.efi"), {
    id: "edge",
    version: "1.0-2",
    counter: { left: 3, done: 0 },
  });
  assert.deepEqual(decodeBootEntryName("edge_1.0-2.efi"), { id: "edge", version: "1.0-2" });
});

const digit = fc.integer({ min: 0, max: 9 });
const anyEntry = fc.record(
  {
    id: fc.stringMatching(/^[a-z][a-z0-9.-]{0,15}$/),
    version: fc.stringMatching(/^[0-9][A-Za-z0-9.-]{0,15}$/),
    counter: fc.record({ left: digit, done: digit }, { noNullPrototype: true }),
  },
  { requiredKeys: ["id", "version"], noNullPrototype: true },
);

test("every name is read back as it was written", () => {
  fc.assert(
    fc.property(anyEntry, (entry) =>
      assert.deepEqual(decodeBootEntryName(encodeBootEntryName(entry)), entry),
    ),
  );
});

test("the name keeps its length from the first try to the last", () => {
  const names = [0, 1, 2, 3].map((done) =>
    encodeBootEntryName({ id: "minimal", version: "1.0.0", counter: { left: 3 - done, done } }),
  );
  assert.deepEqual(new Set(names.map((name) => name.length)), new Set(["minimal_1.0.0+3-0.efi".length]));
});

test("what would not be read back is refused", () => {
  const refused = (code: string) => (error: unknown) =>
    error instanceof BootCounterError && error.code === code;
  assert.throws(
    () => encodeBootEntryName({ id: "a", version: "1", counter: { left: 10, done: 0 } }),
    refused("not-one-digit"),
  );
  assert.throws(
    () => encodeBootEntryName({ id: "a", version: "1", counter: { left: 0, done: -1 } }),
    refused("not-one-digit"),
  );
  assert.throws(() => encodeBootEntryName({ id: "a", version: "1+3" }), refused("name-malformed"));
  assert.throws(() => encodeBootEntryName({ id: "a_b", version: "1_0" }), refused("name-malformed"));
});
