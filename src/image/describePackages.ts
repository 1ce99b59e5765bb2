import { join } from "node:path";

import { encodePackageList, parseDpkgStatus } from "#release/packages.ts";
import { readIfPresent, readText, writeWithParents } from "#system/files.ts";

import type { BuildContext } from "./buildContext.ts";
import type { StepResult } from "./stepCache.ts";

/** What is in the root, for people and programs: `packages.tsv` and `sbom.cdx.json`. */
export async function describePackages(
  context: BuildContext,
  installed: StepResult<unknown>,
): Promise<StepResult<null>> {
  const { definition, lock } = context;
  const { id, version, name, sourceDateEpoch, distribution } = definition;
  return context.cache.run({
    name: "sbom",
    code: [import.meta.filename],
    inputs: { tree: installed.key, id, version, name, sourceDateEpoch, suite: distribution.suite },
    describe: () => `${lock.packages.length} packages`,
    make: async (folder) => {
      const tree = join(installed.folder, "tree");
      const packages = parseDpkgStatus(await readText(join(tree, "usr/lib/sysimage/dpkg/status")));
      const debianVersion = (await readText(join(tree, "etc/debian_version"))).trim().split(".")[0] ?? "";
      const digests = new Map(
        lock.packages.map((locked) => [`${locked.name}:${locked.architecture}`, locked.sha256]),
      );
      const described = await Promise.all(
        packages.map(async (entry) => {
          const copyright = await readIfPresent(join(tree, "usr/share/doc", entry.name, "copyright"));
          const sha256 = digests.get(`${entry.name}:${entry.architecture}`);
          return {
            ...entry,
            ...(copyright === undefined ? {} : { copyright }),
            ...(sha256 === undefined ? {} : { sha256 }),
          };
        }),
      );
      const { encodeSbom } = await import("#release/sbom.ts"); // slow to load, and most builds find the result cached
      await writeWithParents(join(folder, "packages.tsv"), encodePackageList(packages));
      await writeWithParents(
        join(folder, "sbom.cdx.json"),
        encodeSbom({
          id,
          version,
          name,
          sourceDateEpoch,
          distribution: { id: "debian", versionId: debianVersion },
          packages: described,
        }),
      );
      return null;
    },
  });
}
