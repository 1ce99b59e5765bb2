import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { Json } from "./comparedSystem.ts";
import { compareValues } from "./compareValues.ts";
import { hashOf } from "./sampleReleases.fixture.ts";

test("keys are told as one writes them, down to the list or value that differs", () => {
  const from = { kernel: { arguments: ["quiet"] }, files: { "/etc/motd": { mode: 420 } }, id: "a" };
  const to = { kernel: { arguments: ["splash"] }, files: { "/etc/motd": { mode: 384 } }, id: "a" };
  assert.deepEqual(compareValues(from, to), [
    { path: 'files["/etc/motd"].mode', from: 420, to: 384 },
    { path: "kernel.arguments", from: ["quiet"], to: ["splash"] },
  ]);
});

test("a key that only one side has is told without the other", () => {
  assert.deepEqual(compareValues({ a: { b: 1 } }, { c: null }), [
    { path: "a", from: { b: 1 } },
    { path: "c", to: null },
  ]);
});

test("a long text is told by its digest, also inside of what came new", () => {
  const content = "x".repeat(201);
  const told = { sha256: hashOf(content), sizeBytes: 201 };
  assert.deepEqual(compareValues({ content: "short" }, { content }), [
    { path: "content", from: "short", to: told },
  ]);
  assert.deepEqual(compareValues({}, { file: { content } }), [{ path: "file", to: { content: told } }]);
});

test("nothing differs from itself, whatever the order of its keys", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const turned = reverseKeys(value);
      assert.deepEqual(compareValues(value as Json, turned), []);
    }),
  );
});

test("what differs is found", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const isSame = JSON.stringify(sortKeys(a)) === JSON.stringify(sortKeys(b));
      assert.equal(compareValues(a as Json, b as Json).length === 0, isSame);
    }),
  );
});

function mapKeys(value: Json, order: (keys: string[]) => string[]): Json {
  if (Array.isArray(value)) return value.map((entry: Json) => mapKeys(entry, order));
  if (typeof value !== "object" || value === null) return value;
  const section = value as { readonly [key: string]: Json };
  const entries = order(Object.keys(section)).map(
    (key) => [key, mapKeys(section[key] ?? null, order)] as const,
  );
  return Object.fromEntries(entries);
}

function reverseKeys(value: Json): Json {
  return mapKeys(value, (keys) => keys.toReversed());
}

function sortKeys(value: Json): Json {
  return mapKeys(value, (keys) => keys.toSorted());
}
