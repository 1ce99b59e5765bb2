import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import type { Gate } from "#boot/policy/gate.ts";
import { OPEN, withPolicy } from "#boot/policy/gateFacts.fixture.ts";
import { listAllGates, listStopping } from "#boot/policy/listAllGates.ts";
import { STATE_BYTES } from "#boot/policy/policyGates.ts";
import { UPDATE_DURATIONS, UPDATE_MODES, WEEK_DAYS } from "#definition/updateTexts.ts";

const DOCUMENT = await readFile(join(import.meta.dirname, "../docs/update-policy.md"), "utf8");

/** The cells of the table that begins with this column. */
function readTable(firstColumn: string): string[][] {
  const lines = DOCUMENT.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${firstColumn} |`)) + 2;
  const body = lines.slice(
    start,
    lines.findIndex((line, index) => index >= start && !line.startsWith("|")),
  );
  return body.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function toWord(gate: Gate, asks: "person" | "machine"): string {
  const isIn = (step: "install" | "restart") =>
    listStopping([{ ...gate, isOpen: false }], asks, step).length > 0;
  return isIn("install") ? "all" : isIn("restart") ? "restart" : "–";
}

test("docs/update-policy.md lists every gate, in order, with what a closed one stops", () => {
  const wanted = listAllGates(OPEN).map((gate) => [
    `\`${gate.name}\``,
    // The only one that depends on what it says.
    gate.name === "policy" ? "all or restart" : toWord(gate, "machine"),
    toWord(gate, "person"),
  ]);
  assert.deepEqual(
    readTable("gate").map(([name, , , machine, person]) => [name, machine, person]),
    wanted,
  );
  const find = (mode: "manual" | "download") =>
    listAllGates(withPolicy(OPEN, { mode })).find(({ name }) => name === "policy");
  assert.deepEqual([find("manual")?.stops, find("download")?.stops], ["install", "restart"]);
});

test("docs/update-policy.md has the modes, days and bounds that the programs take", () => {
  const list = (words: readonly string[]) => words.map((word) => `\`${word}\``).join(", ");
  const text = DOCUMENT.replaceAll("\n", " ");
  assert.ok(text.includes(`${list(UPDATE_MODES.slice(0, -1))} or \`${UPDATE_MODES.at(-1)}\``));
  assert.ok(text.includes(`(of ${list(WEEK_DAYS)};`));
  for (const { least, most } of Object.values(UPDATE_DURATIONS))
    assert.ok(text.includes(`\`${least}\` to \`${most}\``));
  assert.ok(text.includes(`less than ${STATE_BYTES / 1024 / 1024} MiB`));
});
