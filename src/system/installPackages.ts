import { join } from "node:path";

import { SocleError } from "#progress/socleError.ts";
import type { LockedPackage } from "#release/lock.ts";

import { makeFolder, makeWorkFolder, remove } from "./files.ts";
import type { PackageStore } from "./packageStore.ts";
import { CommandError, type CommandOutput } from "./runCommand.ts";

export class InstallError extends SocleError<"install-failed"> {
  override readonly name = "InstallError";
}

export interface InstallRequest {
  readonly packages: readonly LockedPackage[];
  /** Where the tree goes; must not exist. */
  readonly target: string;
  readonly sourceDateEpoch: number;
  /** Runs mmdebstrap, on the host or in a tools tree, with these folders visible. */
  readonly run: (
    argv: string[],
    folders: string[],
    environment: Record<string, string>,
  ) => Promise<CommandOutput>;
}

/**
 * Installs exactly the given packages, all of them in the store, into a new tree with mmdebstrap.
 * apt sees a repository that holds nothing else, so there is nothing for it to choose.
 */
export async function installPackages(
  store: PackageStore,
  workRoot: string,
  request: InstallRequest,
): Promise<void> {
  const work = await makeWorkFolder(workRoot, "repository");
  try {
    const repository = join(work, "repository");
    await store.makeRepository(request.packages, repository);
    await makeFolder(join(request.target, ".."));
    const names = request.packages.map((locked) => locked.name);
    const argv = [
      "mmdebstrap",
      "--mode=root",
      "--verbose", // dpkg's own lines: they are the progress, and the reason when it fails
      "--format=directory",
      "--variant=essential",
      `--include=${names.join(",")}`,
      '--aptopt=APT::Install-Recommends "false"',
      '--aptopt=Acquire::Languages "none"',
      "--dpkgopt=force-unsafe-io",
      "--dpkgopt=force-confold",
      ...PATHS_LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
      ...PATHS_KEPT.map((path) => `--dpkgopt=path-include=${path}`),
      `--setup-hook=${NO_INITRAMFS_HOOK}`,
      "", // no suite: the repository is flat
      request.target,
      `deb [trusted=yes] copy:${repository} ./`,
    ];
    const environment = { SOURCE_DATE_EPOCH: String(request.sourceDateEpoch), INITRD: "No", TMPDIR: "/tmp" };
    await request.run(argv, [join(request.target, ".."), work], environment);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new InstallError("install-failed", "Cannot install the packages: mmdebstrap failed", {
      cause: error,
      outputTail: error.outputTail,
    });
  } finally {
    await remove(work);
  }
}

/** An image is not read with man, and its package list and licences are kept elsewhere or below. */
const PATHS_LEFT_OUT = [
  "/usr/share/man/*",
  "/usr/share/info/*",
  "/usr/share/doc/*",
  "/usr/share/locale/*",
  "/usr/share/lintian/*",
  "/usr/share/bug/*",
];
const PATHS_KEPT = [
  "/usr/share/doc/*/copyright",
  // Not for the image either: the build reads them, and takes them out.
  "/usr/share/doc/*/changelog.Debian.gz",
  "/usr/share/doc/*/changelog.gz",
];

/** Debian's kernels want an initramfs generator; it is told to generate nothing, the initrd is ours. */
const NO_INITRAMFS_HOOK =
  'mkdir -p "$1/etc/initramfs-tools" && echo update_initramfs=no > "$1/etc/initramfs-tools/update-initramfs.conf" && echo "do_symlinks = no" > "$1/etc/kernel-img.conf"';
