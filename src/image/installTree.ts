import { join } from "node:path";

import { digestPackages, type LockedPackage } from "#release/lock.ts";
import { listFolder } from "#system/files.ts";
import { InstallError, installPackages } from "#system/installPackages.ts";

import type { BuildContext } from "./buildContext.ts";
import { downloadStep } from "./prepareTools.ts";
import type { StepResult } from "./stepCache.ts";

export interface InstalledTree {
  /** As `uname -r` will print it. */
  readonly kernelVersion: string;
}

/**
 * The packages of the lock, installed, and cleaned of what differs from one installation to the next: `tree/`.
 * Beside it, out of the image, `changelogs/PACKAGE.gz`.
 */
export async function installTree(context: BuildContext): Promise<StepResult<InstalledTree>> {
  const { lock, definition, tools, workspace, signal } = context;
  return context.cache.run({
    name: "packages",
    code: [import.meta.filename, join(import.meta.dirname, "../system/installPackages.ts")],
    inputs: {
      packages: digestPackages(lock.packages),
      tools: digestPackages(lock.tools),
      sourceDateEpoch: definition.sourceDateEpoch,
    },
    describe: ({ kernelVersion }) => `${lock.packages.length} packages, kernel ${kernelVersion}`,
    make: async (folder) => {
      const store = await downloadStep(lock.packages, workspace, { ...context, step: "download" });
      const target = join(folder, "tree");
      await installPackages(store, workspace.work, {
        packages: lock.packages,
        target,
        sourceDateEpoch: definition.sourceDateEpoch,
        run: (argv, folders, environment) =>
          tools.run(argv, {
            folders,
            environment,
            signal,
            onLine: toProgress(context, lock.packages.length),
          }),
      });
      const kernelVersion = await findKernel(target);
      const { stdout } = await tools.runScript(CLEAN, [target, kernelVersion], {
        folders: [folder],
        signal,
        title: "clean the tree",
      });
      verifyInstalled(stdout, lock.packages);
      return { kernelVersion };
    },
  });
}

/** dpkg says twice of each package what it does: unpacking, then setting up. */
function toProgress({ report }: BuildContext, packages: number): (line: string) => void {
  let done = 0;
  return (line) => {
    const match = /^(?:Unpacking|Setting up) (\S+)/.exec(line);
    if (match === null) return;
    done += 1;
    report({
      kind: "step-progress",
      step: "packages",
      done,
      total: packages * 2,
      unit: "items",
      detail: line.split(" (")[0] ?? line,
    });
  };
}

async function findKernel(tree: string): Promise<string> {
  const [version, ...others] = await listFolder(join(tree, "usr/lib/modules"));
  if (version !== undefined && others.length === 0) return version;
  const found = version === undefined ? "none" : [version, ...others].join(", ");
  throw new InstallError("install-failed", `Cannot use the packages: one kernel is wanted, found ${found}`, {
    hint: "Name one kernel package in kernel.package, and no other among the packages.",
  });
}

/** What is installed must be what the lock names: nothing more, nothing less, no other version. */
function verifyInstalled(list: string, packages: readonly LockedPackage[]): void {
  const installed = new Set(list.split("\n").filter((line) => line !== ""));
  const wanted = new Set(
    packages.map(({ name, version, architecture }) => `${name} ${version} ${architecture}`),
  );
  const differing = [...installed.symmetricDifference(wanted)];
  if (differing.length === 0) return;
  throw new InstallError(
    "install-failed",
    `The installed packages are not those of the lock: ${differing.slice(0, 5).join("; ")}`,
  );
}

// $1 the tree, $2 the kernel version. Prints the installed packages.
const CLEAN = `
cd "$1"
# Stored plain, a new kernel's modules differ from the old ones by little; packed, by everything.
find "usr/lib/modules/$2" -name '*.ko.xz' -print0 | xargs -0 --no-run-if-empty -P 2 -n 64 xz -d
depmod -b "$1" "$2"
# Only root can make device nodes, and every system mounts its own /dev over them.
rm -rf dev/*
# A native package, whose changelog is Debian's own, has no changelog.Debian.gz.
mkdir ../changelogs
for folder in usr/share/doc/*; do
  [ ! -L "$folder" ] || continue
  for name in changelog.Debian.gz changelog.gz; do
    if [ -f "$folder/$name" ] && [ ! -L "$folder/$name" ]; then mv "$folder/$name" "../changelogs/\${folder##*/}.gz"; break; fi
  done
done
rm -rf boot/initrd* initrd.img* vmlinuz* etc/initramfs-tools/update-initramfs.conf etc/kernel-img.conf
rm -rf etc/machine-id var/lib/dbus/machine-id etc/ssh/ssh_host_* etc/hostname etc/resolv.conf etc/.pwd.lock etc/apt/sources.list*
rm -rf var/cache/* var/log/* var/backups/* var/lib/apt/* tmp/* run/* usr/share/doc/*/changelog*
rm -rf var/lib/systemd/random-seed var/lib/systemd/catalog/database var/lib/dpkg/*-old var/lib/dpkg/lock* var/lib/dpkg/triggers/Lock
find etc -name '*-' -type f \\( -path etc/passwd- -o -path etc/group- -o -path etc/shadow- -o -path etc/gshadow- -o -path etc/subuid- -o -path etc/subgid- \\) -delete
# The package database describes the base, so it lives and changes with the base.
mkdir -p usr/lib/sysimage
mv var/lib/dpkg usr/lib/sysimage/dpkg
ln -s ../../usr/lib/sysimage/dpkg var/lib/dpkg
dpkg-query --admindir=usr/lib/sysimage/dpkg --show --showformat='\${Package} \${Version} \${Architecture}\\n'
`;
