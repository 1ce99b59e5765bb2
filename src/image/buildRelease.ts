import { basename, dirname, join } from "node:path";

import { rootUuidsOf } from "#boot/partitionUuids.ts";
import type { Definition } from "#definition/definition.ts";
import { toLevelName } from "#definition/levels.ts";
import { encodeChecksums } from "#release/checksums.ts";
import { encodeLock } from "#release/lock.ts";
import {
  encodeManifest,
  toSourceDate,
  type ReleaseArtifact,
  type ReleaseManifest,
} from "#release/manifest.ts";
import { CHECKSUMS_NAME, toArtifactName, type ArtifactKind } from "#release/releaseNames.ts";
import type { Sha256 } from "#release/sha256.ts";
import {
  exists,
  fileSize,
  hashBytes,
  hashFile,
  linkOrCopy,
  makeWorkFolder,
  readIfPresent,
  remove,
  removeStaleWorkFolders,
  replaceFolder,
  writeWithParents,
} from "#system/files.ts";

import type { BuildContext } from "./buildContext.ts";
import { buildDisk, type BuiltDisk } from "./buildDisk.ts";
import { buildInitrd } from "./buildInitrd.ts";
import { buildUki, prepareUki } from "./buildUki.ts";
import { checkRelease } from "./checkRelease.ts";
import { configureTree } from "./configureTree.ts";
import { describePackages } from "./describePackages.ts";
import { describeTree } from "./describeTree.ts";
import { installTree } from "./installTree.ts";
import { packRoot, type PackedRoot } from "./packRoot.ts";
import { preparePrograms } from "./preparePrograms.ts";
import { PROVENANCE_FILE, signProvenance } from "./signProvenance.ts";
import { signRoot } from "./signRoot.ts";
import { digest, type Json, type StepResult } from "./stepCache.ts";

export interface BuiltRelease {
  readonly folder: string;
  readonly manifest: ReleaseManifest;
  /** Where the cache keeps the trees that the release was made from. */
  readonly steps: { readonly packages: string; readonly configure: string };
}

/** The recipe. Each line needs what the lines above it made; each is found in the cache when nothing of that changed. */
export async function buildRelease(context: BuildContext, output: string): Promise<BuiltRelease> {
  const installed = await installTree(context);
  const [programs, initrd] = await Promise.all([preparePrograms(context), buildInitrd(context, installed)]);
  const configured = await configureTree(context, installed, programs);
  const [root, described, template] = await Promise.all([
    packRoot(context, installed, configured),
    describeRoot(context, installed, configured),
    prepareUki(context, { installed, initrd }),
  ]);
  const signature = await signRoot(context, root);
  const uki = await buildUki(context, { template, root });
  await checkRelease(context, { installed, configured, root, uki, contents: described.contents });
  const disk = await buildDisk(context, { installed, configured, root, uki, signature });
  const manifest = await writeRelease(context, output, {
    kernelVersion: installed.value.kernelVersion,
    root,
    signature,
    uki,
    disk,
    ...described,
  });
  return { folder: output, manifest, steps: { packages: installed.folder, configure: configured.folder } };
}

/** Beside the packing, which leaves room for it. */
async function describeRoot(
  context: BuildContext,
  installed: StepResult<unknown>,
  configured: StepResult<unknown>,
): Promise<Pick<ReleaseParts, "inventory" | "contents">> {
  const inventory = await describePackages(context, installed);
  return { inventory, contents: await describeTree(context, { installed, inventory, configured }) };
}

interface ReleaseParts {
  readonly kernelVersion: string;
  readonly root: StepResult<PackedRoot>;
  readonly signature: StepResult<null> | undefined;
  readonly uki: StepResult<{ commandLine: string }>;
  readonly disk: StepResult<BuiltDisk>;
  readonly inventory: StepResult<null>;
  readonly contents: StepResult<unknown>;
}

/** Lays the artifacts out under their release names, beside the target first, so that it is there whole or not at all. */
async function writeRelease(
  context: BuildContext,
  output: string,
  parts: ReleaseParts,
): Promise<ReleaseManifest> {
  const { definition } = context;
  const files = listFiles(definition, parts);
  const { value: artifacts } = await context.cache.run<ReleaseArtifact[]>({
    name: "digests",
    code: [import.meta.filename],
    inputs: {
      names: files.map(({ name }) => name),
      keys: [
        parts.root.key,
        parts.uki.key,
        parts.disk.key,
        parts.inventory.key,
        parts.contents.key,
        ...(parts.signature === undefined ? [] : [parts.signature.key]),
      ],
    },
    make: async () => describeFiles(files),
  });
  const manifest = toManifest(context, parts, artifacts);
  const manifestText = encodeManifest(manifest);
  const manifestFile = { name: toArtifactName("manifest", definition), sha256: hashBytes(manifestText) };
  const provenance = await signProvenance(context, manifest, manifestFile);
  const provenanceFile = { name: toArtifactName("provenance", definition), sha256: provenance.value.sha256 };
  files.push({ kind: "provenance", ...provenanceFile, file: join(provenance.folder, PROVENANCE_FILE) });
  const checksums = encodeChecksums([...artifacts, manifestFile, provenanceFile]);
  const texts = { [manifestFile.name]: manifestText, [CHECKSUMS_NAME]: checksums };
  if ((await isWhole(output, files)) && (await hasTexts(output, texts))) return manifest;
  await removeStaleWorkFolders(dirname(output), `.${basename(output)}`);
  const work = await makeWorkFolder(dirname(output), `.${basename(output)}`);
  try {
    for (const { file, name } of files) await linkOrCopy(file, join(work, name));
    for (const [name, text] of Object.entries(texts)) await writeWithParents(join(work, name), text);
    await replaceFolder(work, output);
  } catch (error) {
    await remove(work);
    throw error;
  }
  return manifest;
}

interface ReleaseFile {
  readonly kind: ArtifactKind;
  readonly name: string;
  /** Where the cache has it. */
  readonly file: string;
  readonly sha256?: Sha256;
}

function listFiles(
  definition: Definition,
  { root, signature, uki, disk, inventory, contents }: ReleaseParts,
): ReleaseFile[] {
  const { rootHash } = root.value;
  const slots = rootHash === undefined ? undefined : rootUuidsOf(rootHash);
  const files: ReleaseFile[] = [
    { kind: "uki", name: toArtifactName("uki", definition), file: join(uki.folder, "uki.efi") },
    {
      kind: "disk",
      name: toArtifactName("disk", definition),
      file: join(disk.folder, "disk.raw"),
      sha256: disk.value.rawSha256,
    },
    {
      kind: "disk-qcow2",
      name: toArtifactName("disk-qcow2", definition),
      file: join(disk.folder, "disk.qcow2"),
      sha256: disk.value.qcow2Sha256,
    },
    {
      kind: "packages",
      name: toArtifactName("packages", definition),
      file: join(inventory.folder, "packages.tsv"),
    },
    { kind: "sbom", name: toArtifactName("sbom", definition), file: join(contents.folder, "sbom.cdx.json") },
    {
      kind: "contents",
      name: toArtifactName("contents", definition),
      file: join(contents.folder, "contents.json"),
    },
  ];
  if (slots !== undefined) {
    files.push(
      {
        kind: "root",
        name: toArtifactName("root", definition, slots.root),
        file: join(root.folder, "root.img"),
        sha256: root.value.sha256,
      },
      {
        kind: "verity",
        name: toArtifactName("verity", definition, slots.verity),
        file: join(root.folder, "verity.img"),
      },
    );
  }
  if (slots !== undefined && signature !== undefined) {
    files.push({
      kind: "root-signature",
      name: toArtifactName("root-signature", definition, slots.signature),
      file: join(signature.folder, "signature.img"),
    });
  }
  return files;
}

/** The large ones were hashed when they were made: a thread takes longer to start than the others to be read. */
async function describeFiles(files: readonly ReleaseFile[]): Promise<ReleaseArtifact[]> {
  return Promise.all(
    files.map(async ({ kind, name, file, sha256 }) => {
      return { kind, name, sizeBytes: await fileSize(file), sha256: sha256 ?? (await hashFile(file)) };
    }),
  );
}

async function isWhole(output: string, files: readonly ReleaseFile[]): Promise<boolean> {
  const sizes = await Promise.all(
    files.map(
      async ({ name, file }) =>
        (await exists(join(output, name))) && (await fileSize(join(output, name))) === (await fileSize(file)),
    ),
  );
  return sizes.every(Boolean);
}

async function hasTexts(output: string, texts: Readonly<Record<string, string>>): Promise<boolean> {
  const equal = await Promise.all(
    Object.entries(texts).map(async ([name, text]) => (await readIfPresent(join(output, name))) === text),
  );
  return equal.every(Boolean);
}

function toManifest(
  { definition, lock, signing }: BuildContext,
  parts: ReleaseParts,
  artifacts: ReleaseArtifact[],
): ReleaseManifest {
  const { id, version, policies, executionControl, disk, distribution, sourceDateEpoch } = definition;
  const { rootHash } = parts.root.value;
  return {
    apiVersion: "socle/v1",
    kind: "ReleaseManifest",
    id,
    version,
    level: toLevelName(policies),
    policies,
    executionControl,
    signing: {
      development: signing.development,
      secureBootCertificate: hashBytes(signing.db.certificate),
    },
    suite: distribution.suite,
    ...(rootHash === undefined ? {} : { rootHash }),
    kernelVersion: parts.kernelVersion,
    kernelCommandLine: parts.uki.value.commandLine,
    sourceDate: toSourceDate(sourceDateEpoch),
    definitionDigest: digest(definition as unknown as Json), // plain data by its type
    lockDigest: hashBytes(encodeLock(lock)),
    artifacts,
    sizes: {
      diskBytes: disk.sizeBytes,
      espBytes: disk.espSizeBytes,
      rootSlotBytes: disk.rootSlotSizeBytes,
      veritySlotBytes: disk.veritySlotSizeBytes,
    },
  };
}
