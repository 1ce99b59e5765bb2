import { join } from "node:path";

import { toKernelCommandLine, toRootReference } from "#boot/kernelCommandLine.ts";
import { systemUuidOf } from "#boot/partitionUuids.ts";
import { hashBytes, readBytes, writeWithParents } from "#system/files.ts";
import { signPortableExecutable } from "#trust/authenticode.ts";

import type { BuildContext } from "./buildContext.ts";
import { encodeOsRelease } from "./imageFiles.ts";
import type { InstalledTree } from "./installTree.ts";
import type { PackedRoot } from "./packRoot.ts";
import type { StepResult } from "./stepCache.ts";

/** The unified kernel image, with the root hash in its command line, signed for Secure Boot: `uki.efi`. */
export async function buildUki(
  context: BuildContext,
  parts: { installed: StepResult<InstalledTree>; root: StepResult<PackedRoot>; initrd: StepResult<unknown> },
): Promise<StepResult<{ commandLine: string; sizeBytes: number }>> {
  const { definition, tools, signal, signing } = context;
  const { kernelVersion } = parts.installed.value;
  const reference = toRootReference(
    definition.policies,
    parts.root.value.rootHash,
    systemUuidOf(definition.id, "root"),
  );
  const commandLine = toKernelCommandLine(reference, definition.kernel.arguments);
  const osRelease = encodeOsRelease(definition);
  return context.cache.run({
    name: "kernel",
    code: [import.meta.filename],
    inputs: {
      installed: parts.installed.key,
      initrd: parts.initrd.key,
      commandLine,
      osRelease,
      certificate: hashBytes(signing.db.certificate),
    },
    describe: ({ sizeBytes }) => `${(sizeBytes / 1e6).toFixed(1)} MB`,
    make: async (folder) => {
      const file = join(folder, "uki.efi");
      await writeWithParents(join(folder, "os-release"), osRelease);
      const argv = [
        "ukify",
        "build",
        `--linux=${join(parts.installed.folder, "tree/boot", `vmlinuz-${kernelVersion}`)}`,
        `--initrd=${join(parts.initrd.folder, "initrd.cpio")}`,
        `--cmdline=${commandLine}`,
        `--os-release=@${join(folder, "os-release")}`,
        `--uname=${kernelVersion}`,
        `--output=${file}`,
      ];
      await tools.run(argv, {
        folders: [parts.installed.folder, parts.initrd.folder, folder],
        environment: { SOURCE_DATE_EPOCH: String(definition.sourceDateEpoch) },
        signal,
      });
      const signed = await signPortableExecutable(await readBytes(file), signing.db);
      await writeWithParents(file, signed);
      return { commandLine, sizeBytes: signed.length };
    },
  });
}
