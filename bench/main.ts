import { arch, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { readIfPresent, writeAtomic } from "#system/files.ts";

import { benchBoots, type BootFigures } from "./boots.ts";
import { benchBuilds, type BuildFigures } from "./builds.ts";
import { benchCalls, type CallFigures } from "./calls.ts";
import { openBenchWorkspace } from "./benchWorkspace.ts";
import { benchPowerCuts, type PowerCutFigures } from "./powerCuts.ts";
import { SUBJECT_NAMES, type SubjectName } from "./powerCutSubjects.ts";
import { renderPowerCuts } from "./renderPowerCuts.ts";
import { renderCalls } from "./renderCalls.ts";
import { renderBoots, renderBuilds } from "./renderFigures.ts";
import { renderUpdates } from "./renderUpdates.ts";
import { benchUpdates, type UpdateFigures } from "./updates.ts";

const USAGE = `npm run bench -- [--only builds|boots|calls|updates|power-cuts] [--rounds N] [--lock FILE]

  builds   the server of bench/server.ts with Socle and with mkosi, in turns: cold, one file changed, nothing changed
  boots    the minimal system and a plain Debian with the same packages, in turns, to the agent's first answer

These run only if they are named, the last for hours:

  calls       status over mutual TLS: the agent, and node:http2 with a constant, in turns; the agent's memory
  updates     an update in a machine, and dd to the same partition, in turns, with a small and a large root
  power-cuts  QEMU killed in the middle of updates, by Socle and by systemd-sysupdate

  --rounds how often each is measured (default 3, of power cuts 60); medians are compared
  --subject  of the power cuts: ${SUBJECT_NAMES.join(", ")} (default: each)
  --resume   the power cuts go on after the last round that was kept
  --cold-rounds  of the builds; may be 0, they take most of the time
  --lock   a file that is held with flock(1) during each round

Results go to bench/results/. The machine should be doing nothing else. Root is needed.`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string" },
    subject: { type: "string" },
    resume: { type: "boolean", default: false },
    "cold-rounds": { type: "string" },
    lock: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});
const { only } = values;
const rounds = Number(values.rounds ?? (only === "power-cuts" ? 60 : 3));
const subjects = SUBJECT_NAMES.filter((name) => values.subject === undefined || name === values.subject);
if (
  values.help === true ||
  !Number.isInteger(rounds) ||
  rounds < 1 ||
  subjects.length === 0 ||
  !["builds", "boots", "calls", "updates", "power-cuts", undefined].includes(only)
) {
  console.error(USAGE);
  process.exit(values.help === true ? 0 : 2);
}

const abort = new AbortController();
process.once("SIGINT", () => abort.abort());
const bench = await openBenchWorkspace(abort.signal);
const coldRounds = Number(values["cold-rounds"] ?? rounds);
const options = { rounds, coldRounds, lock: values.lock };

if (only === undefined || only === "builds") {
  const figures = await benchBuilds(bench, options);
  await keep<BuildFigures>("builds", figures);
  console.log(renderBuilds(figures));
}
if (only === undefined || only === "boots") {
  const figures = await benchBoots(bench, options);
  await keep<BootFigures>("boots", figures);
  console.log(renderBoots(figures));
}

if (only === "calls") {
  const figures = await benchCalls(bench, { rounds, secondsEach: 2, callsForMemory: 10_000 });
  await keep<CallFigures>("calls", figures);
  console.log(renderCalls(figures));
}
if (only === "updates") {
  const figures = await benchUpdates(bench, options);
  await keep<UpdateFigures>("updates", figures);
  console.log(renderUpdates(figures));
}
if (only === "power-cuts") {
  const figures: Partial<Record<SubjectName, PowerCutFigures>> = {};
  for (const subject of subjects) {
    const name = `powerCuts-${subject}`;
    const before = (await readFigures(name)) as PowerCutFigures | undefined; // as it was kept below
    const keepBatch = async (batch: PowerCutFigures) => keep(name, batch);
    const { lock } = options;
    const cuts = { subject, rounds, lock, resume: values.resume, before, keep: keepBatch };
    figures[subject] = await benchPowerCuts(bench, cuts);
  }
  console.log(renderPowerCuts(figures));
}

/** The last figures of each kind are part of the repository: docs/benchmarks.md quotes them. */
async function keep<Figures>(name: string, figures: Figures): Promise<void> {
  const model = /^model name\s*:\s*(.*)$/m.exec((await readIfPresent("/proc/cpuinfo")) ?? "")?.[1] ?? arch();
  const host = { cpus: cpus().length, model, memoryBytes: totalmem(), node: process.version };
  const document = { measuredAt: new Date().toISOString(), host, ...figures };
  await writeAtomic(toResultFile(name), `${JSON.stringify(document, null, 2)}\n`);
}

async function readFigures(name: string): Promise<unknown> {
  const text = await readIfPresent(toResultFile(name));
  return text === undefined ? undefined : JSON.parse(text);
}

function toResultFile(name: string): string {
  return join(import.meta.dirname, "results", `${name}.json`);
}
