import assert from "node:assert/strict";
import { test } from "node:test";

import type { Generation } from "#config/generation.ts";
import { encodeGeneration } from "#config/generationRecord.ts";
import { confirm, startTrial } from "#config/generations.ts";

import { createMemoryHealthMachine } from "../health/memoryHealthMachine.ts";
import { CONFIGURATION_OUTCOME_PATH } from "./configurationOutcome.ts";
import { noteHealthyConfiguration } from "./noteHealthyConfiguration.ts";
import { GENERATIONS_FOLDER, toGenerationPath } from "./readGenerations.ts";

const DOCUMENT = JSON.stringify({ apiVersion: "socle/v1", kind: "MachineConfiguration" });
const trial = startTrial(1, { document: DOCUMENT, who: "ada", reason: "", bootId: "b" }, new Date(0));

async function note(generation: Generation, outcome: object | undefined) {
  const { machine, written } = createMemoryHealthMachine({
    files: {
      "/usr/lib/socle/image.json": JSON.stringify({ version: "1.1" }),
      "/proc/sys/kernel/random/boot_id": "b",
      [toGenerationPath(1)]: encodeGeneration(generation),
      ...(outcome === undefined ? {} : { [CONFIGURATION_OUTCOME_PATH]: JSON.stringify(outcome) }),
    },
    folders: { [GENERATIONS_FOLDER]: ["1.json"] },
  });
  const log: string[] = [];
  await noteHealthyConfiguration(machine, (level, message) => log.push(`${level}: ${message}`));
  const text = written.get(toGenerationPath(1));
  return { healthyOn: text === undefined ? undefined : (JSON.parse(text) as Generation).healthyOn, log };
}

const APPLIED = { state: "applied", source: "generation", generation: 1, problems: [] };

test("after a good boot its configuration is one that this version is healthy with", async () => {
  const { healthyOn, log } = await note(confirm(trial), APPLIED);
  assert.deepEqual([healthyOn, log], [["1.1"], ["info: configuration generation 1: healthy"]]);
});

test("there is nothing to note of what was noted, is on trial, is refused, or is no generation", async () => {
  const table: readonly (readonly [Generation, object | undefined])[] = [
    [{ ...confirm(trial), healthyOn: ["1.1"] }, APPLIED],
    [trial, APPLIED],
    [confirm(trial), { ...APPLIED, state: "refused" }],
    [confirm(trial), { ...APPLIED, source: "image", generation: 0 }],
    [confirm(trial), { ...APPLIED, generation: 2 }],
    [confirm(trial), undefined],
  ];
  for (const [generation, outcome] of table)
    assert.deepEqual((await note(generation, outcome)).healthyOn, undefined, JSON.stringify(outcome));
});
