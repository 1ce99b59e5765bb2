import { dirname, join } from "node:path";

import { encodeCpio, type CpioEntry } from "#boot/cpio.ts";
import {
  encodeInitrdScript,
  EXECUTION_POLICY_PATH,
  INITRD_MODULES,
  INITRD_PROGRAMS,
} from "#boot/initrdScript.ts";
import { selectModules } from "#boot/kernelModules.ts";
import { systemUuidOf } from "#boot/partitionUuids.ts";
import { encodeWatchdogOptions } from "#boot/watchdogScript.ts";
import {
  fileSize,
  hashBytes,
  listTree,
  readBytes,
  readText,
  remove,
  writeWithParents,
} from "#system/files.ts";
import { encodeIpePolicy, signIpePolicy } from "#trust/ipePolicy.ts";

import type { BuildContext } from "./buildContext.ts";
import type { InstalledTree } from "./installTree.ts";
import type { StepResult } from "./stepCache.ts";

/** The initrd, from the tree's own files: `initrd.cpio`, stored plain so that updates of it stay small. */
export async function buildInitrd(
  context: BuildContext,
  installed: StepResult<InstalledTree>,
): Promise<StepResult<{ sizeBytes: number; modules: number }>> {
  const { definition, tools, signal } = context;
  const { policies, id, executionControl } = definition;
  const script = encodeInitrdScript(policies, systemUuidOf(id, "var"), executionControl);
  const policy = executionControl === "signed" ? await signExecutionPolicy(context) : undefined;
  const { kernelVersion } = installed.value;
  const wanted = [...Object.values(INITRD_MODULES).flat(), ...definition.kernel.initrdModules];
  return context.cache.run({
    name: "initrd",
    code: [import.meta.filename],
    inputs: {
      tree: installed.key,
      script,
      programs: INITRD_PROGRAMS,
      modules: wanted,
      sourceDateEpoch: definition.sourceDateEpoch,
      ...(policy === undefined ? {} : { policy: hashBytes(policy) }),
    },
    describe: ({ sizeBytes, modules }) => `${(sizeBytes / 1e6).toFixed(1)} MB, ${modules} kernel modules`,
    make: async (folder) => {
      const modules = join(installed.folder, "tree/usr/lib/modules", kernelVersion);
      const selected = selectModules(await readText(join(modules, "modules.dep")), wanted);
      const stage = join(folder, "stage");
      await tools.runScript(
        STAGE,
        [
          join(installed.folder, "tree"),
          stage,
          kernelVersion,
          String(selected.length),
          ...selected.map(({ path }) => path),
          ...INITRD_PROGRAMS,
        ],
        { folders: [installed.folder, folder], signal, title: "gather the initrd" },
      );
      const archive = encodeCpio(
        [...(await readEntries(stage)), ...frame(script, policy)],
        definition.sourceDateEpoch,
      );
      await remove(stage);
      const file = join(folder, "initrd.cpio");
      await writeWithParents(file, archive);
      return { sizeBytes: await fileSize(file), modules: selected.length };
    },
  });
}

/** The script itself and the folders it mounts on. */
function frame(script: string, policy: Uint8Array | undefined): CpioEntry[] {
  const mountPoints = ["dev", "proc", "run", "sys", "sysroot", "tmp", "etc"];
  return [
    ...mountPoints.map((path): CpioEntry => ({ kind: "directory", path })),
    // The kernel opens it for PID 1 before devtmpfs is mounted.
    { kind: "device", path: "dev/console", device: "character", major: 5, minor: 1 },
    { kind: "file", path: "init", mode: 0o755, content: Buffer.from(script) },
    { kind: "directory", path: "etc/modprobe.d" },
    { kind: "file", path: "etc/modprobe.d/watchdog.conf", content: Buffer.from(encodeWatchdogOptions()) },
    { kind: "file", path: "etc/initrd-release", content: Buffer.from("ID=socle-initrd\n") },
    // PARTUUID is looked up on the disks: there is no udev, so no /dev/disk to read it from.
    { kind: "file", path: "etc/blkid.conf", content: Buffer.from("EVALUATE=scan\nCACHE_FILE=/dev/null\n") },
    ...(policy === undefined
      ? []
      : [
          { kind: "directory", path: dirname(EXECUTION_POLICY_PATH).slice(1) } as const,
          { kind: "file", path: EXECUTION_POLICY_PATH.slice(1), content: policy } as const,
        ]),
  ];
}

/** Its name is that of its folder in securityfs; the version only matters to a kernel that runs an older one. */
async function signExecutionPolicy({ signing }: BuildContext): Promise<Uint8Array> {
  return signIpePolicy(encodeIpePolicy({ name: "socle", version: "1.0.0" }), signing.db);
}

async function readEntries(stage: string): Promise<CpioEntry[]> {
  const entries: CpioEntry[] = [];
  for (const { path, kind, mode, target } of await listTree(stage)) {
    if (kind === "directory") entries.push({ kind, path, mode: 0o755 });
    else if (kind === "symlink") entries.push({ kind, path, target: target ?? "" });
    else entries.push({ kind, path, mode, content: await readBytes(join(stage, path)) });
  }
  return entries;
}

// $1 the tree, $2 where to gather, $3 the kernel version, $4 the number of modules, the modules, the programs.
const STAGE = `
tree=$1 stage=$2 kernel=$3 count=$4; shift 4
mkdir -p "$stage/usr/lib/modules/$kernel" "$stage/usr/bin" "$stage/usr/sbin" "$stage/usr/lib64"
for name in bin lib lib64 sbin; do ln -s "usr/$name" "$stage/$name"; done
cd "$tree/usr/lib/modules/$kernel"
cp modules.order modules.builtin modules.builtin.modinfo "$stage/usr/lib/modules/$kernel/"
while [ "$count" -gt 0 ]; do cp --parents "$1" "$stage/usr/lib/modules/$kernel/"; shift; count=$((count - 1)); done
depmod -b "$stage" "$kernel"
cd "$tree"
for program; do
  cp --parents -L ".$program" "$stage/"
  # The loader prints each library that the program, or one of its libraries, asks for.
  chroot "$tree" /usr/lib64/ld-linux-x86-64.so.2 --list "$program" | grep -oE '/[^ ]+\\.so[^ ]*' | sort -u |
    while read -r library; do
      path=$(chroot "$tree" realpath -s "$(chroot "$tree" realpath "$(dirname "$library")")/$(basename "$library")")
      cp --parents -L ".$path" "$stage/"
    done
done
# libcryptsetup opens the loader's own path, and kmod answers to the name it is called by.
ln -sf kmod "$stage/usr/bin/modprobe"
`;
