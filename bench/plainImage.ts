import { join } from "node:path";

import { planDiskLayout, toGpt } from "#boot/diskLayout.ts";
import { encodeGpt } from "#boot/gpt.ts";
import { GPT_BACKUP_SECTORS, SECTOR_BYTES } from "#boot/gptTable.ts";
import { systemUuidOf } from "#boot/partitionUuids.ts";
import type { Definition } from "#definition/definition.ts";
import { LEVELS } from "#definition/levels.ts";
import type { BuildSigning } from "#image/buildSigning.ts";
import { listImageFiles } from "#image/imageFiles.ts";
import { findKeys } from "#image/openBuild.ts";
import { openBuildSigning } from "#image/openBuildSigning.ts";
import { downloadStep } from "#image/prepareTools.ts";
import { resolvePackages } from "#image/resolvePackages.ts";
import { fileSize, makeFolder, remove, writeWithParents } from "#system/files.ts";
import { installPackages } from "#system/installPackages.ts";
import type { ToolsTree } from "#system/toolsTree.ts";
import { writeDisk } from "#system/writeDisk.ts";

import type { BenchWorkspace } from "./benchWorkspace.ts";

/** What a machine boots: the same two files that a release has. */
export interface BootImage {
  readonly disk: { readonly file: string; readonly format: "raw" | "qcow2" };
  readonly uki: string;
}

/** What an ordinary Debian has to make its initrd with, beside the packages of the system. */
const INITRD_PACKAGES = ["busybox", "initramfs-tools", "zstd"];

/**
 * What everyone has: Debian's packages on a writable ext4, its own initrd by update-initramfs as it
 * comes, its services as the packages enable them, systemd-boot on an EFI partition. Added: the
 * network by DHCP and the agent, so that it can be asked; a machine id, since a real machine has one.
 */
export async function makePlainImage(
  bench: BenchWorkspace,
  tools: ToolsTree,
  parts: { readonly definition: Definition; readonly packages: readonly string[]; readonly programs: string },
): Promise<BootImage> {
  const folder = join(bench.folder, "plain");
  await remove(folder);
  await makeFolder(folder);
  const definition: Definition = {
    ...parts.definition,
    id: "plain",
    hostname: "plain",
    policies: LEVELS.classic,
    executionControl: "off",
    disk: { ...parts.definition.disk, rootSlotSizeBytes: 1 << 30 },
  };
  const tree = await installTree(bench, tools, folder, [...parts.packages, ...INITRD_PACKAGES], definition);
  const keys = await findKeys({ file: import.meta.filename }, bench.workspace, bench.context);
  await addAgent(tree, definition, await openBuildSigning(keys));
  const rootUuid = systemUuidOf(definition.id, "root");
  await tools.runScript(
    FINISH,
    [
      folder,
      parts.programs,
      rootUuid,
      String(definition.disk.rootSlotSizeBytes),
      String(definition.disk.espSizeBytes),
    ],
    {
      folders: [folder, parts.programs],
      title: "make a plain Debian image",
    },
  );
  const uki = join(folder, "uki.efi");
  const disk = join(folder, "disk.raw");
  await writePlainDisk(disk, folder, definition, await fileSize(uki));
  return { disk: { file: disk, format: "raw" }, uki };
}

async function installTree(
  bench: BenchWorkspace,
  tools: ToolsTree,
  folder: string,
  wanted: readonly string[],
  definition: Definition,
): Promise<string> {
  const { suite, components } = definition.distribution;
  const packages = await resolvePackages(
    { suite, components, packages: wanted },
    bench.workspace,
    bench.context,
  );
  const store = await downloadStep(packages, bench.workspace, { ...bench.context, step: "download plain" });
  const target = join(folder, "tree");
  await installPackages(store, bench.workspace.work, {
    packages,
    target,
    sourceDateEpoch: definition.sourceDateEpoch,
    run: (argv, folders, environment) => tools.run(argv, { folders, environment }),
  });
  return target;
}

/** The files by which a Socle image has its agent and its network; none of those that make it immutable. */
async function addAgent(tree: string, definition: Definition, signing: BuildSigning): Promise<void> {
  const taken = [
    "/usr/lib/socle/image.json",
    "/usr/lib/systemd/system/socle-agent.service",
    "/usr/lib/systemd/network/89-socle-dhcp.network",
  ];
  for (const file of listImageFiles(definition, signing)) {
    if (file.kind === "file" && taken.includes(file.path))
      await writeWithParents(join(tree, file.path), file.content, file.mode);
  }
}

async function writePlainDisk(
  disk: string,
  folder: string,
  definition: Definition,
  ukiBytes: number,
): Promise<void> {
  const root = join(folder, "root.img");
  const layout = planDiskLayout(definition, {
    espFilesBytes: 2 * ukiBytes,
    rootImageBytes: await fileSize(root),
  });
  const files = { esp: join(folder, "esp.img"), "root-a": root } as const;
  const gpt = encodeGpt(toGpt(layout));
  const pieces = [
    { offsetBytes: 0, bytes: gpt.protectiveMbrAndPrimary },
    ...layout.partitions.flatMap(({ role, offsetBytes }) =>
      role === "esp" || role === "root-a" ? [{ offsetBytes, file: files[role] }] : [],
    ),
    { offsetBytes: layout.sizeBytes - GPT_BACKUP_SECTORS * SECTOR_BYTES, bytes: gpt.backup },
  ];
  await writeDisk({ sizeBytes: layout.sizeBytes, pieces }, { raw: disk, qcow2: join(folder, "disk.qcow2") });
}

// $1 the folder, $2 the agent's programs, $3 the root's UUID, $4 its size, $5 the size of the EFI partition.
const FINISH = `
folder=$1 programs=$2 uuid=$3 size=$4 esp=$5
tree=$folder/tree
cd "$tree"
cp "$programs/node" "$programs/agent.mjs" usr/lib/socle/
echo plain > etc/hostname
printf '127.0.0.1 localhost\\n127.0.1.1 plain\\n' > etc/hosts
printf 'PARTUUID=%s / ext4 errors=remount-ro 0 1\\n' "$uuid" > etc/fstab
od -An -N16 -tx1 /dev/urandom | tr -d ' \\n' > etc/machine-id; echo >> etc/machine-id
ln -sf ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf
systemctl --root="$tree" enable systemd-networkd.service socle-agent.service
systemctl --root="$tree" set-default multi-user.target
# Debian's own initrd, as its kernel package makes it on a real machine.
rm -f etc/initramfs-tools/update-initramfs.conf etc/kernel-img.conf
printf 'update_initramfs=yes\\nbackup_initramfs=no\\n' > etc/initramfs-tools/update-initramfs.conf
mount -t proc proc "$tree/proc"; mount --rbind /sys "$tree/sys"; mount --rbind /dev "$tree/dev"
kernel=$(ls usr/lib/modules)
chroot "$tree" update-initramfs -c -k "$kernel"
umount -l "$tree/dev" "$tree/sys" "$tree/proc"
ukify build --linux="boot/vmlinuz-$kernel" --initrd="boot/initrd.img-$kernel" --os-release=@usr/lib/os-release --uname="$kernel" \\
  --cmdline="root=PARTUUID=$uuid ro console=tty0 console=ttyS0,115200" --output="$folder/uki.efi"
truncate -s "$size" "$folder/root.img"
mke2fs -q -t ext4 -m 0 -L root -d "$tree" "$folder/root.img"
truncate -s "$esp" "$folder/esp.img"
mkfs.vfat -F 32 -n ESP "$folder/esp.img" > /dev/null
mkdir -p /tmp/esp/EFI/BOOT /tmp/esp/EFI/Linux /tmp/esp/loader
cp /usr/lib/systemd/boot/efi/systemd-bootx64.efi /tmp/esp/EFI/BOOT/BOOTX64.EFI
cp "$folder/uki.efi" /tmp/esp/EFI/Linux/plain.efi
echo 'timeout 0' > /tmp/esp/loader/loader.conf
mcopy -i "$folder/esp.img" -s -Q /tmp/esp/EFI /tmp/esp/loader ::/
cd /
rm -rf "$tree"
`;
