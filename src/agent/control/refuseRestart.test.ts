import assert from "node:assert/strict";
import { test } from "node:test";

import { refuseRestart, type RestartFacts } from "./refuseRestart.ts";

const LOCK = { name: "backup", reason: "until 3 o'clock" };
const SILENT = { name: "burner", reason: "" };
const OPERATION = { kind: "apply", version: "1.1", caller: "policy" };
const NOTHING: RestartFacts = { locks: [], operation: undefined };

const CASES: readonly (readonly [
  what: string,
  facts: Partial<RestartFacts>,
  force: boolean,
  refused: RegExp | undefined,
])[] = [
  ["nothing in the way", {}, false, undefined],
  [
    "a lock",
    { locks: [LOCK] },
    false,
    /^restart-locked: Cannot reset now: locked by backup \(until 3 o'clock\)$/,
  ],
  [
    "two locks",
    { locks: [LOCK, SILENT] },
    false,
    /^restart-locked: .* by backup \(until 3 o'clock\), burner$/,
  ],
  ["a lock, and force", { locks: [LOCK] }, true, undefined],
  [
    "an update",
    { operation: OPERATION },
    false,
    /^update-running: .* going on \(apply of 1\.1\), asked for by policy$/,
  ],
  ["an update, and force", { operation: OPERATION }, true, /^update-running: /],
  [
    "a rollback without a version yet",
    { operation: { kind: "rollback", caller: "bo" } },
    false,
    /\(rollback\), asked for by bo$/,
  ],
  ["both, and force", { operation: OPERATION, locks: [LOCK] }, true, /^update-running: /],
];

for (const [what, facts, force, refused] of CASES) {
  test(`${what}: ${refused === undefined ? "the machine restarts" : "refused"}`, () => {
    const refusal = refuseRestart("reset", { ...NOTHING, ...facts }, { force });
    if (refused === undefined) assert.equal(refusal, undefined);
    else assert.match(`${refusal?.code}: ${refusal?.message}`, refused);
    if (refusal !== undefined) assert.ok(refusal.hint, "it says what to do");
  });
}
