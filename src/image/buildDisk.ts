import { dirname, join } from "node:path";

import { planDiskLayout, toGpt, type DiskLayout, type PartitionRole } from "#boot/diskLayout.ts";
import { encodeGpt } from "#boot/gpt.ts";
import { GPT_BACKUP_SECTORS, SECTOR_BYTES } from "#boot/gptTable.ts";
import type { Sha256 } from "#release/sha256.ts";
import type { DiskPiece, FilePart } from "#system/diskContent.ts";
import { writeDisk } from "#system/writeDisk.ts";

import type { BuildContext } from "./buildContext.ts";
import { buildEsp } from "./buildEsp.ts";
import { buildVar } from "./buildVar.ts";
import type { PackedRoot } from "./packRoot.ts";
import type { StepResult } from "./stepCache.ts";

/** What the small file system of /var starts with; the partition is larger, and grown into at the first boot. */
const VAR_IMAGE_BYTES = 64 << 20;

export interface BuiltDisk {
  readonly layout: DiskLayout;
  readonly rawSha256: Sha256;
  readonly qcow2Sha256: Sha256;
}

/** Throws where the parts do not fit, before anything of the disk is written. */
export function planDisk(context: BuildContext, root: PackedRoot, ukiBytes: number): DiskLayout {
  const { rootHash, rootImageBytes, hashTreeBytes } = root;
  return planDiskLayout(context.definition, {
    espFilesBytes: 2 * ukiBytes + (1 << 20), // this version's kernel image, the next one's, and the loader
    rootImageBytes,
    ...(rootHash === undefined ? {} : { verity: { rootHash, hashTreeBytes } }),
  });
}

/** The whole disk, raw (`disk.raw`) and for QEMU (`disk.qcow2`). */
export async function buildDisk(
  context: BuildContext,
  parts: {
    installed: StepResult<unknown>;
    configured: StepResult<unknown>;
    root: StepResult<PackedRoot>;
    uki: StepResult<{ sizeBytes: number }>;
    signature: StepResult<unknown> | undefined;
  },
): Promise<StepResult<BuiltDisk>> {
  const layout = planDisk(context, parts.root.value, parts.uki.value.sizeBytes);
  const hasVar = layout.partitions.some(({ role }) => role === "var");
  const [esp, var_] = await Promise.all([
    buildEsp(context, parts.uki),
    hasVar ? buildVar(context, parts.installed, parts.configured, VAR_IMAGE_BYTES) : undefined,
  ]);
  const sources: Partial<Record<PartitionRole, string>> = {
    esp: join(esp.folder, "esp.img"),
    "root-a": join(parts.root.folder, "root.img"),
    ...(parts.root.value.rootHash === undefined ? {} : { "verity-a": join(parts.root.folder, "verity.img") }),
    ...(parts.signature === undefined
      ? {}
      : { "signature-a": join(parts.signature.folder, "signature.img") }),
    ...(var_ === undefined ? {} : { var: join(var_.folder, "var.img") }),
  };
  return context.cache.run({
    name: "disk",
    code: [import.meta.filename],
    inputs: {
      layout: JSON.stringify(layout),
      esp: esp.key,
      root: parts.root.key,
      signature: parts.signature?.key,
      var: var_?.key,
    },
    describe: () =>
      `${(layout.sizeBytes / (1 << 30)).toFixed(1)} GiB, ${layout.partitions.length} partitions`,
    make: async (folder) => {
      const image = { sizeBytes: layout.sizeBytes, pieces: await listPieces(context, layout, sources) };
      const paths = { raw: join(folder, "disk.raw"), qcow2: join(folder, "disk.qcow2") };
      return { layout, ...(await writeDisk(image, paths, context.signal)) };
    },
  });
}

async function listPieces(
  context: BuildContext,
  layout: DiskLayout,
  sources: Partial<Record<PartitionRole, string>>,
): Promise<DiskPiece[]> {
  const gpt = encodeGpt(toGpt(layout));
  const parts = await Promise.all(
    layout.partitions.map(async ({ role, offsetBytes }): Promise<DiskPiece[]> => {
      const file = sources[role];
      if (file === undefined) return [];
      const found = await listData(context, file);
      return found.map((part) => ({ offsetBytes: offsetBytes + part.startBytes, file, part }));
    }),
  );
  return [
    { offsetBytes: 0, bytes: gpt.protectiveMbrAndPrimary },
    ...parts.flat(),
    { offsetBytes: layout.sizeBytes - GPT_BACKUP_SECTORS * SECTOR_BYTES, bytes: gpt.backup },
  ];
}

/** All of a file but its holes; to read those would fill the page cache with zeros. */
async function listData({ tools, signal }: BuildContext, file: string): Promise<FilePart[]> {
  const argv = ["qemu-img", "map", "--output=json", "-f", "raw", file];
  const { stdout } = await tools.run(argv, { folders: [dirname(file)], signal });
  const extents = JSON.parse(stdout) as { start: number; length: number; data: boolean }[]; // qemu-img's own
  return extents
    .filter(({ data }) => data)
    .map(({ start, length }) => ({ startBytes: start, sizeBytes: length }));
}
