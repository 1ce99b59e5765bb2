import { basename, dirname, join } from "node:path";

import { copyFileTo, hashFile, makeWorkFolder, remove } from "#system/files.ts";

import type { BuildContext } from "./buildContext.ts";
import { BuildError } from "./buildError.ts";
import { bundleProgram } from "./bundleProgram.ts";

/** The bundles of the definition's function probes, by their names below /usr/lib/socle. */
export async function bundleProbes(context: BuildContext): Promise<ReadonlyMap<string, string>> {
  const { definition, probeModules, cache, workspace } = context;
  const names = definition.health.probes.filter(({ kind }) => kind === "function").map(({ name }) => name);
  if (names.length === 0) return new Map();
  // Bundled at each build, since what a module imports is known only then; it takes milliseconds.
  const work = await makeWorkFolder(workspace.work, "probes");
  try {
    for (const name of names) await bundleProbe(name, probeModules.get(name), join(work, `${name}.mjs`));
    const digests = await Promise.all(
      names.map(async (name) => [name, await hashFile(join(work, `${name}.mjs`))] as const),
    );
    const { folder } = await cache.run({
      name: "probes",
      code: [import.meta.filename],
      inputs: { probes: Object.fromEntries(digests) },
      make: async (made) => {
        for (const name of names) await copyFileTo(join(work, `${name}.mjs`), join(made, `${name}.mjs`));
        return null;
      },
      describe: () => (names.length === 1 ? "1 probe" : `${names.length} probes`),
    });
    return new Map(names.map((name) => [`probes/${name}.mjs`, join(folder, `${name}.mjs`)]));
  } finally {
    await remove(work);
  }
}

async function bundleProbe(name: string, file: string | undefined, outFile: string): Promise<void> {
  if (file === undefined) throw new TypeError(`the build was not told of the module of the probe "${name}"`);
  const exports = await bundleProgram({
    entry: basename(file),
    outFile,
    projectFolder: dirname(file),
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new BuildError("probe-not-bundled", `Cannot bundle the probe "${name}" of "${file}": ${why}`, {
      cause: error,
    });
  });
  if (exports.includes("default")) return;
  throw new BuildError(
    "probe-not-bundled",
    `Cannot bundle the probe "${name}" of "${file}": it has no default export`,
    { hint: "write: export default async ({ signal }) => { … }" },
  );
}
