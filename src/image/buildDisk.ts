import { join } from "node:path";

import { planDiskLayout, toGpt, type DiskLayout, type PartitionRole } from "#boot/diskLayout.ts";
import { encodeGpt } from "#boot/gpt.ts";
import { GPT_BACKUP_SECTORS, SECTOR_BYTES } from "#boot/gptTable.ts";
import type { Sha256 } from "#release/sha256.ts";
import { hashDisk, writeDisk, type DiskPiece } from "#system/writeDisk.ts";
import { hashInWorker } from "#system/hashInWorker.ts";

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
  const esp = await buildEsp(context, parts.uki);
  const var_ = hasVar
    ? await buildVar(context, parts.installed, parts.configured, VAR_IMAGE_BYTES)
    : undefined;
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
      const raw = join(folder, "disk.raw");
      const qcow2 = join(folder, "disk.qcow2");
      const pieces = listPieces(layout, sources);
      const makeBoth = async () => {
        await writeDisk(raw, layout.sizeBytes, pieces);
        const argv = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, qcow2];
        await context.tools.run(argv, { folders: [folder], signal: context.signal });
        return hashInWorker(qcow2);
      };
      const [rawSha256, qcow2Sha256] = await Promise.all([hashDisk(layout.sizeBytes, pieces), makeBoth()]);
      return { layout, rawSha256, qcow2Sha256 };
    },
  });
}

function listPieces(layout: DiskLayout, sources: Partial<Record<PartitionRole, string>>): DiskPiece[] {
  const gpt = encodeGpt(toGpt(layout));
  return [
    { offsetBytes: 0, bytes: gpt.protectiveMbrAndPrimary },
    ...layout.partitions.flatMap(({ role, offsetBytes }): DiskPiece[] => {
      const file = sources[role];
      return file === undefined ? [] : [{ offsetBytes, file }];
    }),
    { offsetBytes: layout.sizeBytes - GPT_BACKUP_SECTORS * SECTOR_BYTES, bytes: gpt.backup },
  ];
}
