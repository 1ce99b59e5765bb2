import assert from "node:assert/strict";
import { join } from "node:path";

import { toKernelCommandLine, toRootReference } from "#boot/kernelCommandLine.ts";
import { systemUuidOf } from "#boot/partitionUuids.ts";
import type { Definition } from "#definition/definition.ts";
import type { Sha256 } from "#release/sha256.ts";
import { hashBytes, readBytes, writeWithParents } from "#system/files.ts";
import { signPortableExecutable } from "#trust/authenticode.ts";

import type { BuildContext } from "./buildContext.ts";
import { encodeOsRelease } from "./imageFiles.ts";
import type { InstalledTree } from "./installTree.ts";
import type { PackedRoot } from "./packRoot.ts";
import type { StepResult } from "./stepCache.ts";

/** Where the root hash goes: as long as one, and nothing that is in a kernel. */
const PLACEHOLDER = hashBytes("socle: the root hash");

/**
 * The unified kernel image but for the root's hash and the signature: `template.efi`. Nothing in it changes with a
 * file in the root, and it is made while the root is packed.
 */
export async function prepareUki(
  context: BuildContext,
  parts: { installed: StepResult<InstalledTree>; initrd: StepResult<unknown> },
): Promise<StepResult<null>> {
  const { definition, tools, signal } = context;
  const { kernelVersion } = parts.installed.value;
  const commandLine = toCommandLine(definition, PLACEHOLDER);
  const osRelease = encodeOsRelease(definition);
  return context.cache.run({
    name: "kernel template",
    code: [import.meta.filename],
    inputs: { installed: parts.installed.key, initrd: parts.initrd.key, commandLine, osRelease },
    make: async (folder) => {
      await writeWithParents(join(folder, "os-release"), osRelease);
      const argv = [
        "ukify",
        "build",
        `--linux=${join(parts.installed.folder, "tree/boot", `vmlinuz-${kernelVersion}`)}`,
        `--initrd=${join(parts.initrd.folder, "initrd.cpio")}`,
        `--cmdline=${commandLine}`,
        `--os-release=@${join(folder, "os-release")}`,
        `--uname=${kernelVersion}`,
        `--output=${join(folder, TEMPLATE_FILE)}`,
      ];
      await tools.run(argv, {
        folders: [parts.installed.folder, parts.initrd.folder, folder],
        environment: { SOURCE_DATE_EPOCH: String(definition.sourceDateEpoch) },
        signal,
      });
      return null;
    },
  });
}

/** The unified kernel image, with the root hash in its command line, signed for Secure Boot: `uki.efi`. */
export async function buildUki(
  context: BuildContext,
  parts: { template: StepResult<unknown>; root: StepResult<PackedRoot> },
): Promise<StepResult<{ commandLine: string; sizeBytes: number }>> {
  const { definition, signing } = context;
  const { rootHash } = parts.root.value;
  const commandLine = toCommandLine(definition, rootHash);
  return context.cache.run({
    name: "kernel",
    code: [import.meta.filename],
    inputs: {
      template: parts.template.key,
      commandLine,
      certificate: hashBytes(signing.db.certificate),
    },
    describe: ({ sizeBytes }) => `${(sizeBytes / 1e6).toFixed(1)} MB`,
    make: async (folder) => {
      const image = Buffer.from(await readBytes(join(parts.template.folder, TEMPLATE_FILE)));
      if (rootHash !== undefined) fillIn(image, rootHash);
      const signed = await signPortableExecutable(image, signing.db);
      await writeWithParents(join(folder, "uki.efi"), signed);
      return { commandLine, sizeBytes: signed.length };
    },
  });
}

const TEMPLATE_FILE = "template.efi";

function toCommandLine({ policies, id, kernel }: Definition, rootHash: Sha256 | undefined): string {
  const reference = toRootReference(policies, rootHash, systemUuidOf(id, "root"));
  return toKernelCommandLine(reference, kernel.arguments);
}

function fillIn(image: Buffer, rootHash: Sha256): void {
  const at = image.indexOf(PLACEHOLDER);
  assert(
    at !== -1 && image.lastIndexOf(PLACEHOLDER) === at,
    "the root hash has one place in the kernel image",
  );
  image.write(rootHash, at);
}
