import { rootUuidsOf } from "#boot/partitionUuids.ts";
import { hashFile } from "#system/files.ts";
import type { ToolsTree } from "#system/toolsTree.ts";
import { findArtifact, type ReleaseFolder } from "#vm/findRelease.ts";

/** What lies on the disk of a machine that is off, in the eyes of sfdisk's library, veritysetup, cmp and mtools. */
export interface DiskLook {
  /** By version, of those that were asked about. */
  readonly slots: Readonly<Record<string, SlotLook>>;
  /** Kernel images in EFI/Linux by name, and the version whose release has the same bytes; "" when none has. */
  readonly kernels: Readonly<Record<string, string>>;
  /** Names of the partitions, in the order of the disk. */
  readonly partitions: readonly string[];
}

/** `absent`: no two partitions have the UUIDs of its root hash. `damaged`: they are there, and veritysetup or cmp finds another content. */
export type SlotLook = "whole" | "damaged" | "absent";

const PARTITION = /^partition (?<name>\S*)$/;
const SLOT = /^slot (?<version>\S+) (?<look>whole|damaged|absent)$/;
const KERNEL = /^kernel (?<sha256>[0-9a-f]{64}) (?<name>\S+)$/;

export async function lookAtDisk(
  disk: string,
  releases: readonly ReleaseFolder[],
  { tools, folder }: { tools: ToolsTree; folder: string },
): Promise<DiskLook> {
  const asked: string[] = [];
  const versions = new Map<string, string>();
  for (const release of releases) {
    const { rootHash, version } = release.manifest;
    if (rootHash === undefined || rootHash === null) throw new Error(`${version} has no root hash`);
    const uuids = rootUuidsOf(rootHash);
    const files = [await findArtifact(release, "root"), await findArtifact(release, "verity")];
    asked.push(version, rootHash, uuids.root, uuids.verity, ...files);
    versions.set(await hashFile(await findArtifact(release, "uki")), version);
  }
  const { stdout } = await tools.runScript(SCRIPT, [disk, ...asked], {
    folders: [folder],
    title: "look at the disk",
  });
  const lines = stdout.trim().split("\n");
  const matches = (pattern: RegExp) => lines.flatMap((line) => toFields(pattern.exec(line)));
  return {
    partitions: matches(PARTITION).map(({ name = "" }) => name),
    slots: Object.fromEntries(matches(SLOT).map(({ version = "", look }) => [version, look as SlotLook])),
    kernels: Object.fromEntries(
      matches(KERNEL).map(({ sha256 = "", name = "" }) => [name, versions.get(sha256) ?? ""]),
    ),
  };
}

function toFields(match: RegExpExecArray | null): Record<string, string>[] {
  return match?.groups === undefined ? [] : [match.groups];
}

// /tmp is a tmpfs of this command's own. $1 the disk, then for each release: version, root hash, UUIDs, files.
const SCRIPT = `
disk=$1; shift
qemu-img convert -O raw "$disk" /tmp/disk
partx --raw --noheadings --output START,UUID,NAME /tmp/disk > /tmp/partitions
while read -r start uuid name; do echo "partition $name"; done < /tmp/partitions
slice() { # UUID, file that shows the size, where to
  start=$(awk -v uuid="$1" '$2 == uuid { print $1 }' /tmp/partitions)
  [ -n "$start" ] && dd if=/tmp/disk of="$3" bs=1M iflag=skip_bytes,count_bytes skip=$((start * 512)) count="$(stat -c %s "$2")" status=none
}
while [ $# -gt 0 ]; do
  version=$1 hash=$2 rootUuid=$3 verityUuid=$4 root=$5 verity=$6; shift 6
  look=damaged
  if ! slice "$rootUuid" "$root" /tmp/root || ! slice "$verityUuid" "$verity" /tmp/verity; then look=absent
  elif veritysetup verify /tmp/root /tmp/verity "$hash" >&2 && cmp /tmp/root "$root" >&2 && cmp /tmp/verity "$verity" >&2; then look=whole
  fi
  echo "slot $version $look"
  rm -f /tmp/root /tmp/verity
done
esp=$(awk 'NR == 1 { print $1 * 512 }' /tmp/partitions)
mkdir /tmp/linux
mcopy -n -i "/tmp/disk@@$esp" '::/EFI/Linux/*' /tmp/linux/ || true
cd /tmp/linux
for file in * .[!.]*; do [ ! -f "$file" ] || echo "kernel $(sha256sum < "$file" | cut -d ' ' -f 1) $file"; done
`;
