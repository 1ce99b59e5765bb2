/**
 * The program that judges a boot: `node health.mjs`. Exit status 0: the boot is good, and may be
 * blessed. 1: it is not, or nobody could tell; image/healthFiles.ts has what follows from that.
 * `node health.mjs record-unfinished` writes the report of a judgement that never ended.
 */
import { createHealthMachine } from "#system/healthMachine.ts";
import { noteHealthyConfiguration } from "../configuration/noteHealthyConfiguration.ts";
import { createLog } from "../log.ts";
import { judgeBoot, recordUnfinished } from "./judgeBoot.ts";

const log = createLog((line) => process.stdout.write(`${line}\n`), Date.now);
const surroundings = { machine: createHealthMachine(), log, now: () => new Date() };

try {
  const isUnfinished = process.argv[2] === "record-unfinished";
  const verdict = isUnfinished ? await recordUnfinished(surroundings) : await judgeBoot(surroundings);
  process.exitCode = verdict === "pass" ? 0 : 1;
  if (verdict === "pass") await noteHealthyConfiguration(surroundings.machine, log);
} catch (error) {
  log("error", "the boot cannot be judged", { error });
  process.exitCode = 1;
}
