import assert from "node:assert/strict";
import { test } from "node:test";

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";

import { ReadJournalRequestSchema, ReadKernelLogRequestSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { planJournal, planKernelLog } from "./planJournal.ts";

const plan = (request: MessageInitShape<typeof ReadJournalRequestSchema>) =>
  planJournal(create(ReadJournalRequestSchema, request));

const UUID = "01234567-89ab-cdef-0123-456789abcdef";

const WORDS: readonly (readonly [MessageInitShape<typeof ReadJournalRequestSchema>, readonly string[]])[] = [
  [{ units: ["ssh.service", "nginx*"] }, ["--unit=ssh.service", "--unit=nginx*"]],
  [{ boot: -1 }, ["--boot=-1"]],
  [{ bootId: UUID }, ["--boot=0123456789abcdef0123456789abcdef"]],
  [{ priority: 3, lines: 5 }, ["--priority=3", "--lines=5"]],
  [{ follow: true }, ["--lines=10", "--follow"]],
  [{ since: timestampFromMs(1500) }, ["--since=@1.5"]],
  [{ since: timestampFromMs(1500), follow: true }, ["--since=@1.5", "--lines=all", "--follow"]],
  [{ contains: "a.b" }, [String.raw`--grep=a\.b`, "--case-sensitive=true"]],
];

for (const [request, words] of WORDS) {
  test(`the journal is asked with ${words.join(" ")}`, () => {
    assert.deepEqual(
      plan(request).filter((word) => words.includes(word)),
      words,
    );
  });
}

const REFUSED: readonly (readonly [string, MessageInitShape<typeof ReadJournalRequestSchema>])[] = [
  ["a unit that is another option", { units: ["--file=/etc/shadow x"] }],
  ["a later boot", { boot: 1 }],
  ["a boot that is none", { bootId: "last" }],
  ["a priority that is none", { priority: 8 }],
  ["two boots", { boot: 0, bootId: UUID }],
  ["a text in more lines than are held", { contains: "x", lines: 5001 }],
  ["many units", { units: Array.from({ length: 65 }, () => "a.service") }],
];

for (const [what, request] of REFUSED) {
  test(`refused: ${what}`, () => {
    assert.throws(() => plan(request), ConnectError);
  });
}

test("every word is an option with its value in it, so none of a caller's is one by itself", () => {
  assert.ok(plan({ units: ["x"], contains: "--y", lines: 1 }).every((word) => word.startsWith("--")));
});

test("the kernel's lines are those of this boot", () => {
  const words = planKernelLog(create(ReadKernelLogRequestSchema, {}));
  assert.ok(words.includes("--dmesg") && words.includes("--boot=0"));
});
