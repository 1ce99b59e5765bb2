import type { ExecutionControl, TreePolicies } from "#definition/levels.ts";

import { ETC_MOUNTS, VAR_MOUNTS } from "./levelMounts.ts";
import { encodeResetScript } from "./resetScript.ts";
import { encodeUnfinishedScript } from "./unfinishedScript.ts";
import { CHECK_FILE_SYSTEM, LEAVE_WATCHDOG, START_WATCHDOG, WATCHDOG_MODULES } from "./watchdogScript.ts";

/** Programs of the image that the script below calls; their libraries come with them. */
export const INITRD_PROGRAMS = [
  "/usr/bin/base64",
  "/usr/bin/cat",
  "/usr/bin/cp",
  "/usr/bin/dash",
  "/usr/bin/head",
  "/usr/bin/mkdir",
  "/usr/bin/mount",
  "/usr/bin/rm",
  "/usr/bin/sleep",
  "/usr/bin/sync",
  "/usr/bin/tr",
  "/usr/bin/kmod",
  "/usr/sbin/blockdev",
  "/usr/sbin/e2fsck",
  "/usr/sbin/findfs",
  "/usr/sbin/switch_root",
  "/usr/sbin/veritysetup",
] as const;

/**
 * Kernel modules of the boot chain, and of disks that a machine may have. Built-in ones and those
 * that a kernel does not have are passed over.
 */
export const INITRD_MODULES = {
  /** Loaded always. `sha256_ssse3` uses the processor's own instructions: half as slow again without. */
  always: ["dm_mod", "erofs", "overlay", "sha256_ssse3", "ext4", "virtio_pci", "virtio_blk", "efivarfs"],
  /** Loaded where the root is verified; under Secure Boot so that it demands signatures. */
  verity: ["dm_verity"],
  /** Loaded where the machine has such a device. */
  disks: [
    "nvme",
    "ahci",
    "ata_piix",
    "sd_mod",
    "virtio_scsi",
    "xen_blkfront",
    "hv_storvsc",
    "vmw_pvscsi",
    "mmc_block",
    "sdhci_pci",
    "sdhci_acpi",
    "uas",
    "usb_storage",
    "xhci_pci",
    "vmd",
  ],
  /** Loaded where the machine has such a device. */
  watchdogs: WATCHDOG_MODULES,
  /** So that a virtual machine's network is there early; others are loaded by udev. */
  network: ["virtio_net"],
} as const;

/** Where the initrd has the signed execution policy, if the image has one. */
export const EXECUTION_POLICY_PATH = "/etc/socle/execution-policy.p7b";

/** Where the initrd keeps what belongs to this machine on /var, and what a boot leaves for the agent. */
export const STATE_FOLDER = "/var/lib/socle";

/**
 * PID 1 of the initrd. It does what the chain needs and nothing more: modules, the verified root,
 * /var and /etc as the level wants them, then the real init. There is no shell to fall into: any
 * way out but the last line ends PID 1, the kernel panics, and `panic=` reboots.
 */
export function encodeInitrdScript(
  policies: TreePolicies,
  varUuid: string,
  executionControl: ExecutionControl,
): string {
  return [
    PRELUDE,
    ...(policies.usr === "verified" ? [SECURE_BOOT, VERIFIED_ROOT] : [WRITABLE_ROOT]),
    ...(executionControl === "signed" ? [EXECUTION_POLICY] : []),
    varScript(policies, varUuid),
    // Before anything of /var is used: the counter of starts, and the upper folder of an overlay.
    encodeResetScript(policies),
    encodeUnfinishedScript(policies),
    etcScript(policies),
    CONCLUSION,
  ].join("\n");
}

const PRELUDE = `#!/usr/bin/dash
# PID 1 of the initrd.
set -u
export PATH=/usr/bin:/usr/sbin DM_DISABLE_UDEV=1

say() { echo "<6>socle-initrd: $*" > /dev/kmsg; }
die() { echo "<2>socle-initrd: cannot boot: $*" > /dev/kmsg; exit 1; }

mount -t devtmpfs -o mode=755,nosuid devtmpfs /dev || exit 1
mount -t proc -o nosuid,nodev,noexec proc /proc || die "no /proc"
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys || die "no /sys"
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /run || die "no /run"
mkdir -p /run/socle
read -r started < /proc/uptime
modprobe -qab ${INITRD_MODULES.always.join(" ")}
for alias in /sys/bus/*/devices/*/modalias; do
  read -r name < "$alias" && set -- "$@" "$name"
done 2>/dev/null
[ $# = 0 ] || modprobe -qab "$@"
# Some are devices that a driver of the first round has made.
set --
[ -c /dev/watchdog0 ] || for alias in /sys/bus/platform/devices/*/modalias; do
  read -r name < "$alias" && set -- "$@" "$name"
done 2>/dev/null
[ $# = 0 ] || modprobe -qab "$@"

${START_WATCHDOG}
# Waits for the partition with this UUID, at most 30 seconds after the start, and prints its device.
partition() {
  until device=$(findfs "PARTUUID=$1" 2>/dev/null); do
    read -r now _ < /proc/uptime
    [ "\${now%%.*}" -lt $((\${started%%.*} + 30)) ] || return 1
    sleep 0.1
  done
  echo "$device"
}
`;

const WRITABLE_ROOT = `${CHECK_FILE_SYSTEM}read -r commandline < /proc/cmdline
uuid=
for word in $commandline; do
  case $word in root=PARTUUID=*) uuid=\${word#root=PARTUUID=} ;; esac
done
root=$(partition "$uuid") || die "no partition with the UUID '$uuid'"
say "root is $root, writable and not verified"
check "$root" || die "the file system on $root is damaged"
mount -t ext4 -o rw "$root" /sysroot || die "cannot mount $root"
`;

// The variable is four bytes of attributes and one of data (UEFI 2.10, 3.3), which is 1 when it is on.
const SECURE_BOOT = `secure_boot=no
if [ -d /sys/firmware/efi ]; then
  mount -t efivarfs -o nosuid,nodev,noexec efivarfs /sys/firmware/efi/efivars || die "no EFI variables"
  state=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
  [ -e $state ] && [ "$(tr -dc '\\001' < $state | tr '\\001' 1)" = 1 ] && secure_boot=yes
fi
say "Secure Boot: $secure_boot"
if [ $secure_boot = yes ]; then
  modprobe -q dm_verity require_signatures=1
  read -r required < /sys/module/dm_verity/parameters/require_signatures && [ "$required" = Y ] || die "the kernel does not demand signed root hashes"
else
  modprobe -q dm_verity
fi
`;

// The policy is signed with a key of the firmware; a kernel that does not know the key refuses it, and the boot ends here.
const EXECUTION_POLICY = `if [ $secure_boot = yes ]; then
  mount -t securityfs -o nosuid,nodev,noexec securityfs /sys/kernel/security || die "no securityfs"
  ipe=/sys/kernel/security/ipe
  cat ${EXECUTION_POLICY_PATH} > $ipe/new_policy || die "the kernel refuses the execution policy"
  echo 1 > $ipe/policies/socle/active && echo 1 > $ipe/enforce || die "the execution policy cannot be made active"
  say "only signed code runs"
fi
`;

const VERIFIED_ROOT = `read -r commandline < /proc/cmdline
roothash= options=
for word in $commandline; do
  case $word in
    roothash=*) roothash=\${word#roothash=} ;;
    systemd.verity_root_options=*panic-on-corruption*) options=--panic-on-corruption ;;
  esac
done
[ \${#roothash} = 64 ] || die "the command line has no roothash= of 64 characters"

# The first half of the hash is the UUID of the data partition, the second that of its hash tree (UAPI.2).
uuid_of() {
  rest=$1 uuid=
  for width in 8 4 4 4 12; do
    part=$(printf "%.\${width}s" "$rest")
    rest=\${rest#"$part"}
    uuid=$uuid\${uuid:+-}$part
  done
  echo "$uuid"
}
second=\${roothash#????????????????????????????????}
data_uuid=$(uuid_of "\${roothash%"$second"}")
hash_uuid=$(uuid_of "$second")
data=$(partition "$data_uuid") || die "no root partition with the UUID $data_uuid"
hash=$(partition "$hash_uuid") || die "no verity partition with the UUID $hash_uuid"
# Against accidents only: root can lift it, or write to the whole disk. Then dm-verity finds out at the next read.
blockdev --setro "$data" "$hash" || die "cannot make $data and $hash read-only"
if [ $secure_boot = yes ]; then
  middle=\${roothash#????????????????}
  signature_uuid=$(uuid_of "\${middle%????????????????}")
  signature=$(partition "$signature_uuid") || die "no signature partition with the UUID $signature_uuid"
  signed=$(head -c 16384 "$signature" | tr -d '\\000 \\n')
  case $signed in *'"rootHash":"'"$roothash"'"'*) ;; *) die "$signature is not for the root hash $roothash" ;; esac
  signed=\${signed#*'"signature":"'}
  printf %s "\${signed%%'"'*}" | base64 -d > /run/socle/root-hash.p7s || die "the signature on $signature cannot be read"
  options="$options --root-hash-signature=/run/socle/root-hash.p7s"
fi
veritysetup open $options "$data" root "$hash" "$roothash" > /dev/kmsg 2>&1 || die "$data does not have the root hash $roothash, or the kernel refuses its signature"
mount -t erofs -o ro /dev/mapper/root /sysroot || die "cannot mount the root on $data"
say "root is $data, verified with the hash tree on $hash"
`;

function varScript(policies: TreePolicies, varUuid: string): string {
  const mount = VAR_MOUNTS[policies.var];
  if (mount?.fileSystem !== "ext4") return "";
  return `${policies.usr === "verified" ? CHECK_FILE_SYSTEM : ""}var=$(partition ${varUuid}) || die "no partition with the UUID ${varUuid} for /var"
check "$var" || die "the file system on $var for /var is damaged"
mount -t ext4 -o ${mount.options} "$var" /sysroot/var || die "cannot mount $var on /var"
mkdir -p -m 755 /sysroot${STATE_FOLDER}
`;
}

function etcScript(policies: TreePolicies): string {
  const state = `/sysroot${STATE_FOLDER}`;
  switch (ETC_MOUNTS[policies.etc]) {
    case "image":
      return "";
    case "initrd-overlay":
      return `mkdir -p -m 755 ${state}/etc/upper ${state}/etc/work
mount -t overlay -o lowerdir=/sysroot/etc,upperdir=${state}/etc/upper,workdir=${state}/etc/work overlay /sysroot/etc || die "cannot lay /etc over the image's"
`;
    case "rendered-overlay":
      // A machine keeps its identity over reboots; /etc itself keeps nothing here.
      return VAR_MOUNTS[policies.var]?.fileSystem === "ext4"
        ? `[ -s ${state}/machine-id ] || {
  read -r uuid < /proc/sys/kernel/random/uuid
  id=
  while [ -n "$uuid" ]; do id=$id\${uuid%%-*}; case $uuid in *-*) uuid=\${uuid#*-} ;; *) uuid= ;; esac; done
  echo "$id" > ${state}/machine-id
}
mount --bind ${state}/machine-id /sysroot/etc/machine-id && mount -o remount,bind,ro /sysroot/etc/machine-id || die "cannot set the machine id"
`
        : "";
  }
}

const CONCLUSION = `read -r mounted _ < /proc/uptime
echo "$started" > /run/socle/initrd-times
say "root mounted $mounted s after the kernel started"
${LEAVE_WATCHDOG}exec switch_root /sysroot /usr/lib/systemd/systemd
`;
