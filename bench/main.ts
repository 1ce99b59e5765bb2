import { arch, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { readIfPresent, writeAtomic } from "#system/files.ts";

import { benchBoots, type BootFigures } from "./boots.ts";
import { benchBuilds, type BuildFigures } from "./builds.ts";
import { openBenchWorkspace } from "./benchWorkspace.ts";
import { renderBoots, renderBuilds } from "./renderFigures.ts";

const USAGE = `npm run bench -- [--only builds|boots] [--rounds N] [--lock FILE]

  builds   the server of bench/server.ts with Socle and with mkosi, in turns: cold, one file changed, nothing changed
  boots    the minimal system and a plain Debian with the same packages, in turns, to the agent's first answer

  --rounds how often each is measured (default 3); medians are compared
  --cold-rounds  of the builds; may be 0, they take most of the time
  --lock   a file that is held with flock(1) during each round

Results go to bench/results/. The machine should be doing nothing else. Root is needed.`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "3" },
    "cold-rounds": { type: "string" },
    lock: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});
const rounds = Number(values.rounds);
if (
  values.help === true ||
  !Number.isInteger(rounds) ||
  rounds < 1 ||
  !["builds", "boots", undefined].includes(values.only)
) {
  console.error(USAGE);
  process.exit(values.help === true ? 0 : 2);
}

const abort = new AbortController();
process.once("SIGINT", () => abort.abort());
const bench = await openBenchWorkspace(abort.signal);
const coldRounds = Number(values["cold-rounds"] ?? rounds);
const options = { rounds, coldRounds, lock: values.lock };

if (values.only !== "boots") {
  const figures = await benchBuilds(bench, options);
  await keep<BuildFigures>("builds", figures);
  console.log(renderBuilds(figures));
}
if (values.only !== "builds") {
  const figures = await benchBoots(bench, options);
  await keep<BootFigures>("boots", figures);
  console.log(renderBoots(figures));
}

/** The last figures of each kind are part of the repository: docs/benchmarks.md quotes them. */
async function keep<Figures>(name: string, figures: Figures): Promise<void> {
  const model = /^model name\s*:\s*(.*)$/m.exec((await readIfPresent("/proc/cpuinfo")) ?? "")?.[1] ?? arch();
  const host = { cpus: cpus().length, model, memoryBytes: totalmem(), node: process.version };
  const document = { measuredAt: new Date().toISOString(), host, ...figures };
  await writeAtomic(
    join(import.meta.dirname, "results", `${name}.json`),
    `${JSON.stringify(document, null, 2)}\n`,
  );
}
