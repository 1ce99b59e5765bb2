/**
 * `node --test` in the order that is given: a file that takes long need not be left for the end, with nothing beside it.
 * Prints the results, and writes them in TAP to a file.
 */
import { createWriteStream, globSync, statSync } from "node:fs";
import { run } from "node:test";
import { spec, tap } from "node:test/reporters";
import { parseArgs } from "node:util";

const USAGE = `node scripts/runTests.ts [--at-once N | --half 1|2] [--tap FILE] FILES...

  --at-once  so many files at a time, each in a process of its own (default 1)
  --half     every other file, by their size, all in this process`;

const { values, positionals } = parseArgs({
  options: {
    "at-once": { type: "string", default: "1" },
    half: { type: "string" },
    tap: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
  allowPositionals: true,
});
if (values.help === true || positionals.length === 0) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(values.help === true ? 0 : 2);
}

const files = [...new Set(positionals.flatMap((pattern) => globSync(pattern).toSorted()))];
const results = run(
  values.half === undefined
    ? { files, concurrency: Number(values["at-once"]) }
    : { files: toHalf(files, Number(values.half)), isolation: "none" },
);
results.on("test:fail", ({ todo }) => {
  if (todo === undefined) process.exitCode = 1;
});
results.compose(spec).pipe(process.stdout);
if (values.tap !== undefined) results.compose(tap).pipe(createWriteStream(values.tap));

/** The larger ones are dealt first, so that both halves take about as long. */
function toHalf(all: readonly string[], half: number): string[] {
  const sizes = new Map(all.map((file) => [file, statSync(file).size]));
  const bySize = all.toSorted((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
  return bySize.filter((_, index) => index % 2 === half - 1).toSorted();
}
