import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { openWorkspace } from "#system/workspace.ts";

import { findLeftovers } from "../build/workspace.ts";

const CLONE = join(import.meta.dirname, "../..");
const SOCLE = join(CLONE, "bin/socle");
/** Downloads, tools tree, every build step and a boot under emulation, on a slow machine. */
const FIRST_RUN_TIMEOUT_MS = 1_800_000;

interface Outcome {
  readonly stdout: string;
  readonly events: { readonly kind: string; readonly step?: string; readonly cached?: boolean }[];
}

/** The events and the end of the output go into the error when a command fails. */
async function socle(words: readonly string[], timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const options = { cwd: CLONE, timeout: timeoutMs, maxBuffer: 64 << 20 };
    execFile(SOCLE, [...words, "--progress", "json"], options, (error, stdout, stderr) => {
      const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
      if (error === null)
        resolve({ stdout, events: lines.map((line) => JSON.parse(line) as Outcome["events"][0]) });
      else
        reject(
          new Error(`socle ${words.join(" ")} failed:\n${stdout}\n${stderr.slice(-4000)}`, { cause: error }),
        );
    });
  });
}

/** What is still there of the example's machine. */
async function listLeft(): Promise<string[]> {
  const folder = join(openWorkspace().machines, "minimal");
  return [...(existsSync(folder) ? [folder] : []), ...(await findLeftovers(`${folder}/`))];
}

test("npm start builds the example system and boots it until it is healthy, from whatever is there", async () => {
  const { stdout, events } = await socle(["start", "--once"], FIRST_RUN_TIMEOUT_MS);
  assert.match(stdout, /^. built minimal 1\.0, level sealed/m);
  assert.match(stdout, /is healthy, up /);
  assert.match(stdout, /verity ok · root hash as booted/);
  assert.ok(
    events.some(({ kind, step }) => kind === "step-done" && step === "boot"),
    "the boot is a step with its time",
  );
  assert.deepEqual(await listLeft(), [], "nothing of the machine runs or stays");
});

test("what npm start has built is not built again", async () => {
  const { events } = await socle(["build", "systems/minimal/system.ts"], FIRST_RUN_TIMEOUT_MS);
  const done = events.filter(({ kind }) => kind === "step-done");
  assert.ok(done.length >= 8, `the steps of a build, found ${done.length}`);
  assert.deepEqual(
    done.filter(({ cached }) => cached !== true).map(({ step }) => step),
    ["checks"], // the definition's own checks look each time
  );
});
