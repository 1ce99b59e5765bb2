import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeBootEntryName } from "./bootCounter.ts";
import { compareBootEntries, hasFailed, pickBootEntry } from "./bootOrder.ts";
import type { BootEntryFacts } from "./bootOrder.ts";

function toEntry(fileName: string): BootEntryFacts {
  const name = decodeBootEntryName(fileName);
  assert.ok(name);
  return { fileName, name, sizeBytes: 1, sha256: "" };
}

test("the newest version that has tries or is good comes first, used up ones last and newest first", () => {
  const order = [
    "a_1.10+3-0.efi",
    "a_1.9.efi",
    "a_1.9~rc1+1-2.efi",
    "a_1.0+2-1.efi",
    "a_1.0+1-2.efi",
    "a_2.0+0-3.efi",
    "a_1.11+0-0.efi",
  ];
  const sorted = order.toReversed().map(toEntry).toSorted(compareBootEntries);
  assert.deepEqual(
    sorted.map(({ fileName }) => fileName),
    order,
  );
  assert.equal(pickBootEntry(sorted)?.fileName, order[0]);
});

test("an entry without tries left has failed, unless it was set aside without one boot", () => {
  assert.equal(hasFailed(toEntry("a_1.0+0-3.efi")), true);
  assert.equal(hasFailed(toEntry("a_1.0+0-0.efi")), false);
  assert.equal(hasFailed(toEntry("a_1.0+1-2.efi")), false);
  assert.equal(hasFailed(toEntry("a_1.0.efi")), false);
});
