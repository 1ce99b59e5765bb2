import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { readSecurityFixes } from "#release/changelog.ts";
import type { ContentsPackage, SecurityFix } from "#release/contents.ts";
import { readOwners, type FindOwner } from "#release/packageFiles.ts";
import { encodePackageList, parseDpkgStatus, type InstalledPackage } from "#release/packages.ts";
import type { SbomComponent } from "#release/sbom.ts";
import { SOCKET_TEXTS } from "#release/unitFiles.ts";
import { listFolder, readBytes, readIfPresent, readText, writeWithParents } from "#system/files.ts";

import type { BuildContext } from "./buildContext.ts";
import { LIST_LAYER, type InventoryEntry } from "./listLayer.ts";
import type { StepResult } from "./stepCache.ts";

/** What the installed packages are and bring: `inventory.json`, and for people `packages.tsv`. */
export interface PackageInventory {
  readonly packages: readonly ContentsPackage[];
  /** Of the bill of materials; one for each package, in the same order. */
  readonly components: readonly SbomComponent[];
  readonly fixes: Readonly<Record<string, readonly SecurityFix[]>>;
  readonly files: readonly InventoryEntry[];
}

const MEBIBYTE = 1 << 20;
/** The kernel's is the longest, with 4 MiB. */
const MOST_CHANGELOG_BYTES = 64 * MEBIBYTE;

/** Once for each tree of packages, however often the definition around it changes. */
export async function describePackages(
  context: BuildContext,
  installed: StepResult<unknown>,
): Promise<StepResult<null>> {
  return context.cache.run({
    name: "inventory",
    code: [
      import.meta.filename,
      join(import.meta.dirname, "listLayer.ts"),
      ...["changelog", "licences", "packageDescriptions", "packageFiles", "packages", "unitFiles"].map(
        (name) => join(import.meta.dirname, `../release/${name}.ts`),
      ),
    ],
    inputs: { tree: installed.key },
    make: async (folder) => {
      const tree = join(installed.folder, "tree");
      const packages = parseDpkgStatus(await readText(join(tree, DATABASE, "status")));
      const [files, owners, { packages: described, components }, fixes] = await Promise.all([
        listTree(context, installed.folder, folder),
        readPackageLists(tree),
        describeAll(context, tree, packages),
        readFixes(join(installed.folder, "changelogs"), packages),
      ]);
      const placeOf = new Map(
        packages.flatMap(({ name, architecture }, place) => [
          [name, place],
          [`${name}:${architecture}`, place],
        ]),
      );
      const inventory: PackageInventory = {
        packages: described,
        components,
        fixes,
        files: files.map((entry) => {
          const place = entry.type === "file" ? placeOf.get(owners(entry.path) ?? "") : undefined;
          return place === undefined ? entry : { ...entry, package: place };
        }),
      };
      await writeWithParents(join(folder, "inventory.json"), JSON.stringify(inventory));
      await writeWithParents(join(folder, "packages.tsv"), encodePackageList(packages));
      return null;
    },
  });
}

/** dpkg's, in an image. */
const DATABASE = "usr/lib/sysimage/dpkg";

async function listTree(
  { tools, signal }: BuildContext,
  installed: string,
  folder: string,
): Promise<InventoryEntry[]> {
  await tools.runScript(
    'python3 -I -S -c "$1" "$2" "$3" > "$4"',
    [LIST_LAYER, join(installed, "tree"), SOCKET_TEXTS, join(folder, "files.json")],
    { folders: [installed, folder], signal, title: "list the files of the packages" },
  );
  return JSON.parse(await readText(join(folder, "files.json"))) as InventoryEntry[]; // written by LIST_LAYER
}

async function readPackageLists(tree: string): Promise<FindOwner> {
  const names = (await listFolder(join(tree, DATABASE, "info"))).filter((name) => name.endsWith(".list"));
  const lists = await Promise.all(
    names.map(async (name) => ({
      owner: name.slice(0, -".list".length),
      text: await readText(join(tree, DATABASE, "info", name)),
    })),
  );
  return readOwners(lists, (await readIfPresent(join(tree, DATABASE, "diversions"))) ?? "");
}

async function describeAll(
  { lock }: BuildContext,
  tree: string,
  packages: readonly InstalledPackage[],
): Promise<Pick<PackageInventory, "packages" | "components">> {
  const debianVersion = (await readText(join(tree, "etc/debian_version"))).trim().split(".")[0] ?? "";
  const digests = new Map(
    lock.packages.map(({ name, architecture, sha256 }) => [`${name}:${architecture}`, sha256]),
  );
  const sources = await Promise.all(
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
  const { toPackageDescriptions } = await import("#release/packageDescriptions.ts"); // slow to load
  const described = toPackageDescriptions(sources, { id: "debian", versionId: debianVersion });
  return {
    packages: packages.map(({ name, version, architecture, source, sourceVersion }, place) => {
      const licences = described[place]?.licences ?? [];
      return { name, version, architecture, source, sourceVersion, licences };
    }),
    components: described.map(({ component }) => component),
  };
}

/** Of each source one changelog, from the first of its packages that has one: all of them have the same. */
async function readFixes(
  changelogs: string,
  packages: readonly InstalledPackage[],
): Promise<PackageInventory["fixes"]> {
  const present = new Set(await listFolder(changelogs));
  const fixes: Record<string, readonly SecurityFix[]> = {};
  for (const { name, source } of packages) {
    if (fixes[source] !== undefined || !present.has(`${name}.gz`)) continue;
    const packed = await readBytes(join(changelogs, `${name}.gz`));
    const text = gunzipSync(packed, { maxOutputLength: MOST_CHANGELOG_BYTES }).toString();
    const found = readSecurityFixes(text);
    if (found !== undefined) fixes[source] = found;
  }
  return fixes;
}
