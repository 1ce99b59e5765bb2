import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { makeTestFacts } from "#boot/updateFacts.fixture.ts";
import { listUpdateGates } from "#boot/updateGates.ts";
import type { UpdatePhase } from "#boot/updatePhase.ts";
import { makeTestRelease } from "#boot/updateRelease.fixture.ts";
import type { UpdateStep } from "#boot/updateSteps.ts";

/** One that is missing, or too many, does not compile. */
const STEPS: Record<UpdateStep["kind"], true> = {
  "repair-table": true,
  "make-unbootable": true,
  "remove-file": true,
  "mark-slot": true,
  "write-slot": true,
  "verify-slot": true,
  "name-slot": true,
  "write-uki": true,
  "check-slot": true,
  "boot-once": true,
  "set-aside": true,
  "count-anew": true,
  reboot: true,
};
const PHASES: Record<UpdatePhase["phase"], true> = {
  trying: true,
  staged: true,
  downloading: true,
  "rolled-back": true,
  confirmed: true,
  idle: true,
};

/** First cells of the Markdown table with this header. */
function findFirstCells(text: string, header: string): string[] {
  const [, body = ""] = text.split(`${header}\n`);
  const rows = body.split("\n").slice(1);
  return rows.slice(0, rows.indexOf("")).map((row) => row.split("|")[1]?.trim().replaceAll("`", "") ?? "");
}

test("docs/updates.md has every step, state and gate, and no other", async () => {
  const text = await readFile(join(import.meta.dirname, "../docs/updates.md"), "utf8");
  const release = makeTestRelease("1.0");
  const facts = makeTestFacts({ running: release, slots: { A: release }, entries: {} });
  assert.deepEqual(
    findFirstCells(text, "| step | does | a power cut in the middle leaves |"),
    Object.keys(STEPS),
  );
  assert.deepEqual(findFirstCells(text, "| state | what is on the disk |"), Object.keys(PHASES));
  assert.deepEqual(
    findFirstCells(text, "| gate | closed when |"),
    listUpdateGates(facts, release.release).map(({ name }) => name),
  );
});
