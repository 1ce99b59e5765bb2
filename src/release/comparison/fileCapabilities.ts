/**
 * The extended attribute `security.capability`, revisions 1 to 3, little-endian; linux/capability.h:
 * a word with revision and flags, then permitted and inheritable sets of 32 bits each, once or twice.
 * Not here: writing it, and the user namespace of revision 3.
 */
export function decodeFileCapabilities(hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  if (bytes.length * 2 !== hex.length || bytes.length < 12) return `unreadable (${hex})`;
  const isEffective = (bytes.readUInt32LE(0) & 1) === 1;
  const high = bytes.length >= 20 ? 12 : undefined; // revision 1 has 32 capabilities only
  const permitted = readSet(bytes, 4, high);
  const inheritable = readSet(bytes, 8, high === undefined ? undefined : high + 4);
  const groups = Map.groupBy(
    [...CAPABILITIES.keys(), ...rangeFrom(CAPABILITIES.length)].filter(
      (bit) => permitted.has(bit) || inheritable.has(bit),
    ),
    (bit) =>
      `${isEffective && permitted.has(bit) ? "e" : ""}${inheritable.has(bit) ? "i" : ""}${permitted.has(bit) ? "p" : ""}`,
  );
  const clauses = [...groups].map(([flags, bits]) => `${bits.map(nameOf).join(",")}=${flags}`);
  return clauses.join(" ") || "empty";
}

function readSet(bytes: Buffer, low: number, high: number | undefined): Set<number> {
  const words = [bytes.readUInt32LE(low), high === undefined ? 0 : bytes.readUInt32LE(high)];
  return new Set(
    words.flatMap((word, index) =>
      Array.from({ length: 32 }, (_, bit) => bit)
        .filter((bit) => ((word >>> bit) & 1) === 1)
        .map((bit) => index * 32 + bit),
    ),
  );
}

function rangeFrom(first: number): number[] {
  return Array.from({ length: 64 - first }, (_, index) => first + index);
}

/** A newer kernel's have no name here; libcap prints their number too. */
function nameOf(bit: number): string {
  const name = CAPABILITIES[bit];
  return name === undefined ? String(bit) : `cap_${name}`;
}

/** By bit. */
const CAPABILITIES = [
  "chown",
  "dac_override",
  "dac_read_search",
  "fowner",
  "fsetid",
  "kill",
  "setgid",
  "setuid",
  "setpcap",
  "linux_immutable",
  "net_bind_service",
  "net_broadcast",
  "net_admin",
  "net_raw",
  "ipc_lock",
  "ipc_owner",
  "sys_module",
  "sys_rawio",
  "sys_chroot",
  "sys_ptrace",
  "sys_pacct",
  "sys_admin",
  "sys_boot",
  "sys_nice",
  "sys_resource",
  "sys_time",
  "sys_tty_config",
  "mknod",
  "lease",
  "audit_write",
  "audit_control",
  "setfcap",
  "mac_override",
  "mac_admin",
  "syslog",
  "wake_alarm",
  "block_suspend",
  "audit_read",
  "perfmon",
  "bpf",
  "checkpoint_restore",
] as const;
