/** What root tries inside a machine, and what comes of it by the table of levels: no level is named here. */
import {
  ETC_POLICIES,
  USR_POLICIES,
  VAR_POLICIES,
  type TreeGuarantee,
  type TreePolicies,
} from "#definition/levels.ts";

export interface Attack {
  readonly what: string;
  /** Succeeds where the attack does. */
  readonly script: string;
  readonly isAllowed: boolean;
  /** What shows after a reboot whether the attack has lasted; absent where there is nothing that could. */
  readonly trace?: { readonly script: string; readonly lasts: boolean };
}

/** What the kernel says where it is the one that refuses, and no mistake of ours. */
export const REFUSAL =
  /Read-only file system|write-protected|No changes allowed|Operation not permitted|Device or resource busy|Permission denied/;

export function listAttacks(policies: TreePolicies): Attack[] {
  const usr: TreeGuarantee = USR_POLICIES[policies.usr];
  const etc: TreeGuarantee = ETC_POLICIES[policies.etc];
  const var_: TreeGuarantee = VAR_POLICIES[policies.var];
  return [
    ...listWrites("/usr", usr),
    ...listWrites("/etc", etc),
    ...listWrites("/var", var_),
    ...listDeviceWrites(usr),
    {
      what: "run a program copied to /var",
      script: "cp /usr/bin/true /var/program && /var/program",
      isAllowed: var_.executable,
      trace: { script: "/var/program", lasts: var_.persists && var_.executable },
    },
    {
      what: "remount /var with executables, and run it",
      // Mount options are root's to change. What a level can promise is that the next boot has its own again.
      script: 'mount -o remount,exec "$(findmnt -nT /var -o TARGET)" && /var/program',
      isAllowed: true,
      trace: { script: "/var/program", lasts: var_.persists && var_.executable },
    },
    {
      what: "cover a folder of /usr with one in memory",
      // Nothing is changed but what is seen, by those who share the mounts, until the next boot.
      script: "mount -t tmpfs tmpfs /usr/games && touch /usr/games/planted",
      isAllowed: true,
      trace: { script: "test -e /usr/games/planted", lasts: false },
    },
  ];
}

function listWrites(path: string, { writable, persists }: TreeGuarantee): Attack[] {
  const lasts = writable && persists;
  return [
    {
      what: `write a file to ${path}`,
      script: `echo planted > ${path}/planted`,
      isAllowed: writable,
      trace: { script: `test -e ${path}/planted`, lasts },
    },
    {
      what: `remount ${path} writable, then write a file`,
      script: `mount -o remount,rw "$(findmnt -nT ${path} -o TARGET)"; echo planted > ${path}/planted-after`,
      isAllowed: writable,
      trace: { script: `test -e ${path}/planted-after`, lasts },
    },
  ];
}

/** The bytes that are there already: what counts is whether the kernel takes them. */
const REWRITE_FIRST_SECTOR =
  'dd if="$device" of=/tmp/sector count=1 && dd if=/tmp/sector of="$device" count=1 conv=notrunc,fsync';

function listDeviceWrites({ writable }: TreeGuarantee): Attack[] {
  return [
    {
      what: "write to the device that / is mounted from",
      script: `device=$(findmnt -no SOURCE /); ${REWRITE_FIRST_SECTOR}`,
      isAllowed: writable,
    },
    {
      what: "write to the partition that / is stored in",
      script: `${ROOT_PARTITION}; device=/dev/$partition; ${REWRITE_FIRST_SECTOR}`,
      isAllowed: writable,
    },
  ];
}

/** Sets `partition` to the name of the active root's: the first one below dm-verity, or what is mounted itself. */
const ROOT_PARTITION = `
root=$(readlink -f "/sys/dev/block/$(mountpoint -d /)")
partition=$(ls "$root/slaves" 2> /dev/null | head -n 1)
partition=\${partition:-$(basename "$root")}`.trim();

/** Writes these bytes over the start of a file where the disk has it, past partition and file system. */
export function exchangeOnDisk(file: string, bytes: string): string {
  return `set -e
${ROOT_PARTITION}
within=$(filefrag -b512 -ev ${file} | sed -n 's/^ *0: *0\\.\\. *[0-9]*: *\\([0-9]*\\)\\.\\..*/\\1/p')
sector=$(($(cat "/sys/class/block/$partition/start") + within))
disk=/dev/$(basename "$(dirname "$(readlink -f "/sys/class/block/$partition")")")
echo ${Buffer.from(bytes).toString("base64")} | base64 -d | dd of="$disk" seek=$sector conv=notrunc,fsync
echo 3 > /proc/sys/vm/drop_caches`;
}
