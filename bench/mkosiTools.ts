import { join } from "node:path";

import type { PackageContext } from "#image/packageContext.ts";
import { prepareTools } from "#image/prepareTools.ts";
import { resolvePackages } from "#image/resolvePackages.ts";
import { encodeLock, parseLock, type LockedPackage } from "#release/lock.ts";
import { readIfPresent, writeAtomic } from "#system/files.ts";
import { namespacePrefix } from "#system/isolation.ts";
import { TOOL_ENVIRONMENT, type ToolsTree } from "#system/toolsTree.ts";
import type { Workspace } from "#system/workspace.ts";

/** Debian 13 has mkosi 25; the suite after it has the current one, and builds Debian 13 with it. */
const MKOSI_SUITE = "forky";

const MKOSI_PACKAGES = [
  "apt", "bash", "cpio", "cryptsetup-bin", "debian-archive-keyring", "dosfstools", "e2fsprogs", "erofs-utils", "fdisk",
  "kmod", "mkosi", "mount", "mtools", "openssl", "squashfs-tools", "systemd", "systemd-boot-efi", "systemd-boot-tools",
  "systemd-repart", "systemd-ukify", "time", "udev", "xz-utils", "zstd",
]; // prettier-ignore

export interface MkosiTools {
  readonly tree: ToolsTree;
  readonly version: string;
}

/** A tools tree with mkosi and what it calls, made like the project's own: from packages, by mmdebstrap. */
export async function prepareMkosiTools(workspace: Workspace, context: PackageContext): Promise<MkosiTools> {
  const packages = await lockMkosi(workspace, context);
  const version = packages.find(({ name }) => name === "mkosi")?.version ?? "";
  return { tree: await prepareTools(packages, workspace, context), version };
}

/** Resolved once per workspace: an archive that moves on would otherwise ask for a new tree each day. */
async function lockMkosi(workspace: Workspace, context: PackageContext): Promise<readonly LockedPackage[]> {
  const file = join(workspace.tools, "mkosi.lock.json");
  const request = { suite: MKOSI_SUITE, components: ["main"], packages: MKOSI_PACKAGES };
  const known = await readIfPresent(file);
  if (known !== undefined) {
    const lock = parseLock(known, file);
    if (lock.request.packages.join() === MKOSI_PACKAGES.join()) return lock.packages;
  }
  const packages = await resolvePackages(request, workspace, context);
  await writeAtomic(
    file,
    encodeLock({ request: { ...request, architecture: "amd64", tools: [] }, packages, tools: [] }),
  );
  return packages;
}

/**
 * The host's command line that runs `argv` with the tree as its root. Not by chroot, as for Socle's
 * own tools: mkosi's sandbox pivots its root, which the kernel allows only where the root is a mount.
 */
export function toPivotedCommand(
  { folder, isolation }: ToolsTree,
  argv: readonly string[],
  folders: readonly string[],
): string[] {
  return [
    ...namespacePrefix(isolation),
    "sh",
    "-eu",
    "-c",
    ENTER,
    "sh",
    folder,
    String(folders.length),
    ...folders,
    ...argv,
  ];
}

export const MKOSI_ENVIRONMENT = { ...TOOL_ENVIRONMENT, TERM: "dumb" };

// $1 the tree, $2 the number of folders, then the folders, then the command. The network's names are the host's.
const ENTER = `
tree=$1 count=$2; shift 2
mount --bind "$tree" "$tree"
mount --rbind /dev "$tree/dev"
mount -t proc proc "$tree/proc"
mount --rbind /sys "$tree/sys"
mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
mount -t tmpfs -o mode=755 tmpfs "$tree/run"
touch "$tree/etc/resolv.conf" "$tree/etc/hosts"
mount --bind "$(realpath /etc/resolv.conf)" "$tree/etc/resolv.conf"
mount --bind /etc/hosts "$tree/etc/hosts"
while [ "$count" -gt 0 ]; do mkdir -p "$tree$1"; mount --rbind "$1" "$tree$1"; shift; count=$((count - 1)); done
cd "$tree"
pivot_root . mnt
umount -l /mnt
exec "$@"
`;
