import type { Definition } from "#definition/definition.ts";
import type { LockRequest } from "#release/lock.ts";

/** What the boot chain and the agent need from every image, whatever its definition asks for. */
const IMAGE_PACKAGES = [
  "ca-certificates",
  "cryptsetup-bin", // veritysetup, in the initrd
  "dosfstools", // fsck.vfat, for the ESP
  "e2fsprogs",
  "kmod",
  "libatomic1", // Node
  "libpam-systemd",
  "systemd",
  "systemd-boot", // systemd-bless-boot
  "systemd-boot-efi",
  "systemd-repart",
  "systemd-resolved",
  "systemd-sysv",
  "systemd-timesyncd",
  "tzdata",
  "udev",
  "util-linux",
];

/** The tools tree: everything that makes, checks or runs an image. */
export const TOOL_PACKAGES: readonly string[] = [
  "binutils",
  "cpio",
  "cryptsetup-bin",
  "dosfstools",
  "e2fsprogs",
  "erofs-utils",
  "fdisk",
  "kmod",
  "mmdebstrap",
  "mtools",
  "openssl",
  "ovmf",
  "python3-tuf", // a second reader of the repositories that are published here
  "python3-virt-firmware", // virt-fw-vars
  "qemu-system-x86",
  "qemu-utils",
  "sbsigntool",
  "systemd",
  "systemd-boot-efi",
  "systemd-boot-tools",
  "systemd-container",
  "systemd-repart",
  "systemd-ukify",
  "udev",
  "xz-utils",
];

/** The only one yet; boot loader, partition types and console are those of x86-64. */
export const ARCHITECTURE = "amd64";

/** The suite that the tools come from, whatever the suite of the image. */
export const TOOLS_SUITE = "trixie";

export function toLockRequest(definition: Definition): LockRequest {
  const { suite, components } = definition.distribution;
  return {
    suite,
    components,
    architecture: ARCHITECTURE,
    packages: [
      ...new Set([
        ...IMAGE_PACKAGES,
        ...localePackages(definition),
        definition.kernel.package,
        ...(definition.debug.allowed ? definition.debug.packages : []),
        ...definition.packages,
      ]),
    ].toSorted(),
    tools: TOOL_PACKAGES,
  };
}

/** The sources from which the image's locale is compiled; `C` and `POSIX` are part of libc. */
function localePackages({ locale }: Definition): string[] {
  return /^(C|POSIX)(\.|$)/.test(locale) ? [] : ["locales"];
}
