import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeGpt } from "./gpt.ts";
import type { Gpt, GptPartition } from "./gptTable.ts";
import { rootUuidsOf } from "./partitionUuids.ts";
import { decodeSlots, markSlotPartial, nameSlot } from "./slots.ts";
import { makeTestTable } from "./updateFacts.fixture.ts";

const ROOT_HASH = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdee";
const OTHER_HASH = ROOT_HASH.split("").toReversed().join("");

function change(gpt: Gpt, numbers: readonly number[], changes: Partial<GptPartition>): Gpt {
  const partitions = gpt.partitions.map((part) =>
    numbers.includes(part.number) ? { ...part, ...changes } : part,
  );
  return { ...gpt, partitions };
}

test("a slot goes from free to partly written to one that holds a version", () => {
  const free = makeTestTable();
  assert.deepEqual(decodeSlots(free, "minimal").B.content, { kind: "free" });
  const partial = markSlotPartial(free, "minimal", "B", "1.1");
  assert.deepEqual(decodeSlots(partial, "minimal").B.content, { kind: "partial", version: "1.1" });
  const named = nameSlot(partial, "minimal", "B", "1.1", ROOT_HASH);
  assert.deepEqual(decodeSlots(named, "minimal").B.content, {
    kind: "holds",
    version: "1.1",
    rootHash: ROOT_HASH,
  });
});

test("names and UUIDs of one slot's three partitions change, and nothing else of the table", () => {
  const before = nameSlot(makeTestTable(), "minimal", "A", "1.0", OTHER_HASH);
  for (const after of [
    markSlotPartial(before, "minimal", "B", "1.1"),
    nameSlot(before, "minimal", "B", "1.1", ROOT_HASH),
  ]) {
    const forget = (gpt: Gpt) => change(gpt, [5, 6, 7], { name: "", uuid: "" });
    assert.deepEqual(forget(after), forget(before));
    assert.equal(new Set(after.partitions.map(({ uuid }) => uuid)).size, after.partitions.length);
  }
});

test("both slots can be partly written without two partitions having one UUID", () => {
  const gpt = markSlotPartial(markSlotPartial(makeTestTable(), "minimal", "A", "1.0"), "minimal", "B", "1.0");
  encodeGpt(gpt);
});

test("what another program began to write is partly written, with no version of ours", () => {
  const begun = change(makeTestTable(), [5, 6, 7], { name: "PRT#minimal_1.1" });
  assert.deepEqual(decodeSlots(begun, "minimal").B.content, { kind: "partial", version: "" });
  const pending = change(nameSlot(makeTestTable(), "minimal", "B", "1.1", ROOT_HASH), [5, 6, 7], {
    name: "PND#minimal_1.1",
  });
  assert.deepEqual(decodeSlots(pending, "minimal").B.content, { kind: "partial", version: "" });
});

test("a slot is not believed to hold what its names and UUIDs do not agree on", () => {
  const named = nameSlot(makeTestTable(), "minimal", "B", "1.1", ROOT_HASH);
  const wrong = [
    change(named, [6], { name: "minimal_1.2" }),
    change(named, [7], { uuid: rootUuidsOf(OTHER_HASH).signature }),
    change(named, [5, 6, 7], { name: "other_1.1" }),
  ];
  for (const gpt of wrong) assert.equal(decodeSlots(gpt, "minimal").B.content.kind, "unknown");
});

test("a disk without two slots is refused by the partition that is not there", () => {
  const table = makeTestTable();
  const classic = { ...table, partitions: table.partitions.filter(({ number }) => number <= 2) };
  assert.throws(() => decodeSlots(classic, "minimal"), {
    code: "no-slots",
    message: /partition 3 is missing, wanted the root-verity of slot A/,
  });
});
