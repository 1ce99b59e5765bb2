import { join } from "node:path";

import type { ReleaseContents } from "#release/contents.ts";
import { mergeLayers } from "#release/mergeLayers.ts";
import { encodeContents } from "#release/parseContents.ts";
import { encodeSbom, type SbomFile } from "#release/sbom.ts";
import { parseUnitList, readListeners, SOCKET_TEXTS } from "#release/unitFiles.ts";
import { readText, writeWithParents } from "#system/files.ts";

import type { BuildContext } from "./buildContext.ts";
import type { PackageInventory } from "./describePackages.ts";
import { LIST_LAYER, type InventoryEntry } from "./listLayer.ts";
import { MOUNT_MERGED } from "./packRoot.ts";
import type { StepResult } from "./stepCache.ts";

/** What is in the root, for programs: `contents.json` and the bill of materials, `sbom.cdx.json`. */
export async function describeTree(
  context: BuildContext,
  installed: StepResult<unknown>,
  configured: StepResult<unknown>,
  inventory: StepResult<unknown>,
): Promise<StepResult<{ files: number }>> {
  const { id, version, name, sourceDateEpoch } = context.definition;
  return context.cache.run({
    name: "contents",
    code: [
      import.meta.filename,
      join(import.meta.dirname, "listLayer.ts"),
      ...["mergeLayers", "parseContents", "sbom", "unitFiles"].map((file) =>
        join(import.meta.dirname, `../release/${file}.ts`),
      ),
    ],
    inputs: { tree: configured.key, inventory: inventory.key, id, version, name, sourceDateEpoch },
    describe: ({ files }) => `${files} files`,
    make: async (folder) => {
      await listLayer(context, installed.folder, configured.folder, folder);
      // Both are written by LIST_LAYER, the first one by way of the step "inventory".
      const known = JSON.parse(await readText(join(inventory.folder, "inventory.json"))) as PackageInventory;
      const layer = JSON.parse(await readText(join(folder, "layer.json"))) as InventoryEntry[];
      const tree = mergeLayers(known.files, layer);
      const contents: ReleaseContents = {
        apiVersion: "socle/v1",
        kind: "ReleaseContents",
        id,
        version,
        packages: known.packages,
        files: tree,
        units: parseUnitList(await readText(join(folder, "units.json"))),
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

async function listLayer(
  { tools, signal }: BuildContext,
  installed: string,
  configured: string,
  folder: string,
): Promise<void> {
  await tools.runScript(MOUNT_MERGED + LIST, [installed, configured, folder, LIST_LAYER, SOCKET_TEXTS], {
    folders: [installed, configured, folder],
    signal,
    title: "list the files of the root",
  });
}

// Then $1 the program, $2 which texts are wanted. Only the layer is hashed: the packages' tree has been.
const LIST = `
python3 -I -S -c "$1" /tmp/upper "$2" > layer.json
systemctl list-unit-files --root=/tmp/merged --output=json > units.json
`;
