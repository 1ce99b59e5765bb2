/**
 * `node scripts/runTests.ts [--at-once N] [--tap FILE] FILES...`: like `node --test`, but in the order that is given, where
 * that has the names in theirs: a file that takes long need not be left for the end, with nothing beside it.
 */
import { createWriteStream, globSync } from "node:fs";
import { run } from "node:test";
import { spec, tap } from "node:test/reporters";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { "at-once": { type: "string", default: "1" }, tap: { type: "string" } },
  allowPositionals: true,
});
const files = [...new Set(positionals.flatMap((pattern) => globSync(pattern).toSorted()))];
const results = run({ files, concurrency: Number(values["at-once"]) });
results.on("test:fail", ({ todo }) => {
  if (todo === undefined) process.exitCode = 1;
});
results.compose(spec).pipe(process.stdout);
if (values.tap !== undefined) results.compose(tap).pipe(createWriteStream(values.tap));
