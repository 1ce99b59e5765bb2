import { join } from "node:path";

import { systemUuidOf } from "#boot/partitionUuids.ts";
import type { Definition } from "#definition/definition.ts";
import { fileSize, readText } from "#system/files.ts";
import { hashInWorker } from "#system/hashInWorker.ts";
import { CommandError } from "#system/runCommand.ts";
import { parseSha256, type Sha256 } from "#release/sha256.ts";

import type { BuildContext } from "./buildContext.ts";
import type { StepResult } from "./stepCache.ts";

/** The root image: `root.img`, and where it is verified its hash tree, `verity.img`. */
export interface PackedRoot {
  /** Of the root image itself. */
  readonly sha256: Sha256;
  readonly rootHash?: Sha256;
  readonly rootImageBytes: number;
  readonly hashTreeBytes: number;
}

const COMPRESSION: Readonly<Record<Definition["root"]["compression"], readonly string[]>> = {
  none: [],
  lz4: ["-zlz4hc,12", "-C65536"],
  zstd: ["-zzstd,6", "-C65536"],
};

/** EROFS and dm-verity at the verified levels, a writable ext4 at `classic`. */
export async function packRoot(
  context: BuildContext,
  installed: StepResult<unknown>,
  configured: StepResult<unknown>,
): Promise<StepResult<PackedRoot>> {
  const { definition, tools, signal } = context;
  const { sourceDateEpoch, policies, root, disk, id } = definition;
  const verified = policies.usr === "verified";
  return context.cache.run({
    name: "root",
    code: [import.meta.filename],
    inputs: {
      tree: configured.key,
      verified,
      compression: root.compression,
      sourceDateEpoch,
      ...(verified ? {} : { sizeBytes: disk.rootSlotSizeBytes, id }),
    },
    describe: ({ rootHash, rootImageBytes }) =>
      `${(rootImageBytes / 1e6).toFixed(1)} MB${rootHash === undefined ? ", writable" : `, root hash ${rootHash.slice(0, 12)}`}`,
    make: async (folder) => {
      const [script, args] = verified
        ? [PACK_VERIFIED, [String(sourceDateEpoch), ...COMPRESSION[root.compression]]]
        : [PACK_WRITABLE, [String(disk.rootSlotSizeBytes), systemUuidOf(id, "root")]];
      const stuck = new AbortController();
      await tools.runScript(MOUNT_MERGED + script, [installed.folder, configured.folder, folder, ...args], {
        folders: [installed.folder, configured.folder, folder],
        environment: {
          SOURCE_DATE_EPOCH: String(sourceDateEpoch),
          E2FSPROGS_FAKE_TIME: String(sourceDateEpoch),
        },
        signal: AbortSignal.any([signal, stuck.signal]),
        onLine: (line) => {
          if (EROFS_ERROR.test(line)) stuck.abort(toCommandError(line));
        },
        title: "pack the root",
      });
      const image = join(folder, "root.img");
      const [sha256] = await Promise.all([
        hashInWorker(image),
        ...(verified
          ? [tools.runScript(FORMAT_VERITY, [folder], { folders: [folder], signal, title: "veritysetup" })]
          : []),
      ]);
      const rootImageBytes = await fileSize(image);
      if (!verified) return { sha256, rootImageBytes, hashTreeBytes: 0 };
      const rootHash = parseSha256((await readText(join(folder, "roothash"))).trim());
      return { sha256, rootHash, rootImageBytes, hashTreeBytes: await fileSize(join(folder, "verity.img")) };
    },
  });
}

/** After it mkfs.erofs 1.8 may wait for ever for its own thread, which has ended: when a disk is full. */
const EROFS_ERROR = /^<E> erofs/;

function toCommandError(outputTail: string): CommandError {
  return new CommandError("command-failed", "pack the root failed: mkfs.erofs found an error", {
    outputTail,
  });
}

/** $1 the packages step, $2 the configure step, $3 where to write. The whole tree is then at /tmp/merged. */
export const MOUNT_MERGED = `
mkdir /tmp/lower /tmp/upper /tmp/merged
mount --bind "$1/tree" /tmp/lower
mount --bind "$2/upper" /tmp/upper
mount -t overlay overlay -o ro,userxattr,lowerdir=/tmp/upper:/tmp/lower /tmp/merged
cd "$3"; shift 3
`;

// Then $1 the source date, and options of mkfs.erofs. The kernel is in the unified kernel image, /var on its own.
const PACK_VERIFIED = `
epoch=$1; shift
mkfs.erofs --quiet "-T$epoch" --all-time -U 00000000-0000-0000-0000-000000000000 "$@" \\
  --exclude-regex='^var/.+' --exclude-regex='^boot/.+' root.img /tmp/merged
`;

const FORMAT_VERITY = `
cd "$1"
veritysetup format --salt= --uuid=00000000-0000-0000-0000-000000000000 --root-hash-file=roothash root.img verity.img > /dev/null
chmod 644 verity.img
`;

/**
 * Makes an ext4 file system from a tree: $1 the tree, $2 the image, $3 its size in bytes, $4 UUID, $5 label.
 * mke2fs takes entries as the folder lists them, and their times: so the tree is laid out anew in
 * memory, in sorted order and with the source date.
 */
export const MAKE_EXT4 = `
make_ext4() {
  mkdir /tmp/sorted
  mount -t tmpfs -o mode=755 tmpfs /tmp/sorted
  tar -C "$1" --sort=name "--mtime=@$SOURCE_DATE_EPOCH" --xattrs -cf - . | tar -C /tmp/sorted --xattrs --xattrs-include='*' -xpf -
  truncate -s "$3" "$2"
  # Blocks and inodes for the size that it will grow to, not for the small one it starts with.
  mke2fs -q -t ext4 -b 4096 -i 16384 -m 0 -L "$5" -U "$4" -E "hash_seed=$4,lazy_itable_init=1,root_owner=0:0" -d /tmp/sorted "$2"
}
`;

// Then $1 the size in bytes, $2 the UUID.
const PACK_WRITABLE = `${MAKE_EXT4}
make_ext4 /tmp/merged root.img "$1" "$2" root
`;
