/**
 * How long `socle diff` takes on two releases of twenty thousand files each, as a whole command:
 * `node bench/diff.ts [ROUNDS]`. Each form of the result is measured; every tenth file differs.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { newer, older } from "#release/comparison/sampleReleases.fixture.ts";
import { runCommand } from "#system/runCommand.ts";

import { withManyFiles, writeSampleRelease } from "../test/commands/sampleRelease.ts";
import { SOCLE } from "./benchWorkspace.ts";
import { renderSeconds } from "./statistics.ts";

const FILES = 20_000;
const CHANGED_EACH = 10;
const FORMS: readonly (readonly string[])[] = [[], ["--files"], ["-o", "json"], ["--html", "page.html"]];

const rounds = Number(process.argv[2] ?? 5);
const folder = await mkdtemp(join(tmpdir(), "socle-diff-"));
try {
  await writeSampleRelease(join(folder, "a"), withManyFiles(older, FILES, CHANGED_EACH));
  await writeSampleRelease(join(folder, "b"), withManyFiles(newer, FILES, CHANGED_EACH));
  for (const form of FORMS) {
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round += 1) seconds.push(await measure(form));
    console.log(`socle diff a b ${form.join(" ")}`.padEnd(36), renderSeconds(seconds));
  }
} finally {
  await rm(folder, { recursive: true });
}

async function measure(form: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  // Exit code 1 says that they differ; anything else is no measurement.
  const command = ["sh", "-c", '"$@" > out; test $? -eq 1', "sh", SOCLE, "diff", "a", "b", ...form];
  await runCommand(command, { cwd: folder });
  return (performance.now() - startedAt) / 1000;
}
