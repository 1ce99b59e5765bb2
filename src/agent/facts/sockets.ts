/** /proc/net/{tcp,tcp6,udp,udp6}, proc_net(5): sockets that wait. Not here: connections, raw and Unix sockets. */

export interface WaitingSocket {
  readonly protocol: "tcp" | "udp";
  /** Dotted quad, or IPv6 in its short form; `0.0.0.0` and `::` are all addresses. */
  readonly address: string;
  readonly port: number;
  /** What ties it to the processes that hold it. */
  readonly inode: string;
}

export const SOCKET_TABLES = [
  { path: "/proc/net/tcp", protocol: "tcp" },
  { path: "/proc/net/tcp6", protocol: "tcp" },
  { path: "/proc/net/udp", protocol: "udp" },
  { path: "/proc/net/udp6", protocol: "udp" },
] as const;

// TCP_LISTEN and TCP_CLOSE of the kernel's tcp_states.h: an unconnected UDP socket is "closed".
const WAITING_STATE = { tcp: "0A", udp: "07" };

export function parseSocketTable(text: string, protocol: "tcp" | "udp"): WaitingSocket[] {
  const sockets: WaitingSocket[] = [];
  for (const line of text.split("\n").slice(1)) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local ?? "") ?? [];
    if (address === undefined || port === undefined || inode === undefined) continue;
    if (state !== WAITING_STATE[protocol]) continue;
    sockets.push({ protocol, address: decodeAddress(address), port: Number.parseInt(port, 16), inode });
  }
  return sockets;
}

/** Words of 32 bits as the processor has them in memory; both that Socle runs on are little-endian. */
function decodeAddress(hex: string): string {
  const bytes = [...hex.matchAll(/../g)].map(([byte]) => Number.parseInt(byte, 16));
  const inOrder = bytes.map((_, at) => bytes[at - (at % 4) + 3 - (at % 4)] ?? 0);
  return inOrder.length === 4 ? inOrder.join(".") : formatIpv6(inOrder);
}

/** RFC 5952: no leading zeros, and the first longest run of two zero groups or more left out. */
function formatIpv6(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  const runs = [
    ...groups
      .map((group) => (group === "0" ? "0" : "x"))
      .join("")
      .matchAll(/0{2,}/g),
  ];
  const longest = runs.reduce<RegExpExecArray | undefined>(
    (best, run) => (best === undefined || run[0].length > best[0].length ? run : best),
    undefined,
  );
  if (longest === undefined) return groups.join(":");
  const end = longest.index + longest[0].length;
  return `${groups.slice(0, longest.index).join(":")}::${groups.slice(end).join(":")}`;
}

/** What a link in /proc/PID/fd says of a socket, e.g. `socket:[4711]`. */
export function parseSocketLink(target: string): string | undefined {
  return /^socket:\[(\d+)\]$/.exec(target)?.[1];
}

/** /proc/PID/cgroup of cgroup v2: the innermost unit, e.g. `ssh.service`; empty when there is none. */
export function parseUnitOfCgroup(text: string): string {
  const path = /^0::(.*)$/m.exec(text)?.[1] ?? "";
  return path.split("/").findLast((part) => /\.(service|scope)$/.test(part)) ?? "";
}
