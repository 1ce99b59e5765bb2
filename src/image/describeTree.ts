import { join } from "node:path";

import type { ReleaseContents } from "#release/contents.ts";
import { mergeLayers } from "#release/mergeLayers.ts";
import { encodeContents } from "#release/parseContents.ts";
import { encodeSbom, type SbomFile } from "#release/sbom.ts";
import { isAboutUnits, parseUnitList, readListeners, SOCKET_TEXTS } from "#release/unitFiles.ts";
import type { Sha256 } from "#release/sha256.ts";
import { readText, writeWithParents } from "#system/files.ts";

import type { BuildContext } from "./buildContext.ts";
import type { PackageInventory } from "./describePackages.ts";
import { LIST_LAYER, type InventoryEntry } from "./listLayer.ts";
import { MOUNT_MERGED } from "./packRoot.ts";
import { digest, type StepResult } from "./stepCache.ts";

/** The trees that the root is made of, and what is known of the first. */
export interface DescribedTrees {
  readonly installed: StepResult<unknown>;
  readonly inventory: StepResult<unknown>;
  readonly configured: StepResult<unknown>;
}

/**
 * What is in the root, for programs: `contents.json` and the bill of materials, `sbom.cdx.json`. What a
 * new file in the definition cannot change is not looked at again: the packages' tree, and mostly units.
 */
export async function describeTree(
  context: BuildContext,
  trees: DescribedTrees,
): Promise<StepResult<{ files: number }>> {
  const { id, version, name, sourceDateEpoch } = context.definition;
  const { inventory, configured } = trees;
  const layer = await listLayer(context, configured);
  const units = await listUnits(context, trees, layer.value.units);
  return context.cache.run({
    name: "contents",
    code: [
      import.meta.filename,
      ...["mergeLayers", "parseContents", "sbom", "unitFiles"].map((file) =>
        join(import.meta.dirname, `../release/${file}.ts`),
      ),
    ],
    inputs: {
      inventory: inventory.key,
      layer: layer.key,
      units: units.key,
      id,
      version,
      name,
      sourceDateEpoch,
    },
    describe: ({ files }) => `${files} files`,
    make: async (folder) => {
      const known = JSON.parse(await readText(join(inventory.folder, "inventory.json"))) as PackageInventory;
      const tree = mergeLayers(known.files, await readLayer(layer.folder));
      const contents: ReleaseContents = {
        apiVersion: "socle/v1",
        kind: "ReleaseContents",
        id,
        version,
        packages: known.packages,
        files: tree,
        units: parseUnitList(await readText(join(units.folder, "units.json"))),
        listeners: readListeners(tree),
        fixes: known.fixes,
      };
      await writeWithParents(join(folder, "contents.json"), encodeContents(contents));
      const sbom = encodeSbom({
        id,
        version,
        name,
        sourceDateEpoch,
        components: known.components,
        files: tree.flatMap((entry) => toSbomFile(entry, known)),
      });
      await writeWithParents(join(folder, "sbom.cdx.json"), sbom);
      return { files: tree.filter(({ type }) => type === "file").length };
    },
  });
}

/** What the configure step put in the place of a package's file is not the package's. */
function toSbomFile(entry: InventoryEntry, { components }: PackageInventory): SbomFile[] {
  const { path, sha256 } = entry;
  if (sha256 === undefined) return [];
  const owner = entry.package === undefined ? undefined : components[entry.package]?.["bom-ref"];
  return [{ path, sha256, ...(owner === undefined ? {} : { package: owner }) }];
}

/** The files of the configure step: `layer.json`. */
async function listLayer(
  { cache, tools, signal }: BuildContext,
  configured: StepResult<unknown>,
): Promise<StepResult<{ units: Sha256 }>> {
  return cache.run({
    name: "layer",
    code: [
      import.meta.filename,
      join(import.meta.dirname, "listLayer.ts"),
      join(import.meta.dirname, "../release/unitFiles.ts"),
    ],
    inputs: { tree: configured.key },
    make: async (folder) => {
      await tools.runScript(
        'python3 -I -S -c "$1" "$2" "$3" > "$4"',
        [LIST_LAYER, join(configured.folder, "upper"), SOCKET_TEXTS, join(folder, "layer.json")],
        { folders: [configured.folder, folder], signal, title: "list the files of the definition" },
      );
      const entries = (await readLayer(folder)).filter(isAboutUnits);
      return {
        units: digest(
          entries.map(({ path, type, target, sha256, overlay }) => ({ path, type, target, sha256, overlay })),
        ),
      };
    },
  });
}

async function readLayer(folder: string): Promise<InventoryEntry[]> {
  return JSON.parse(await readText(join(folder, "layer.json"))) as InventoryEntry[]; // written by LIST_LAYER
}

/** The states of all units: `units.json`. systemctl takes longer than all the rest. */
async function listUnits(
  { cache, tools, signal }: BuildContext,
  { installed, configured }: DescribedTrees,
  units: Sha256,
): Promise<StepResult<null>> {
  return cache.run({
    name: "units",
    code: [import.meta.filename],
    inputs: { tree: installed.key, units },
    make: async (folder) => {
      await tools.runScript(MOUNT_MERGED + LIST_UNITS, [installed.folder, configured.folder, folder], {
        folders: [installed.folder, configured.folder, folder],
        signal,
        title: "list the units",
      });
      return null;
    },
  });
}

const LIST_UNITS = `
systemctl list-unit-files --root=/tmp/merged --output=json > units.json
`;
