/** /proc/net/{tcp,tcp6,udp,udp6}, proc_net(5). Not here: raw and Unix sockets. */

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
    const endpoint = parseEndpoint(local ?? "");
    if (endpoint === undefined || inode === undefined || state !== WAITING_STATE[protocol]) continue;
    sockets.push({ protocol, ...endpoint, inode });
  }
  return sockets;
}

export interface Connection {
  readonly protocol: "tcp" | "udp";
  /** In the words of `ss`, e.g. `established`. */
  readonly state: string;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** What ties it to the processes that hold it; `0` when none does any more. */
  readonly inode: string;
}

/** The kernel's tcp_states.h, from 1 on; a connected UDP socket is "established". */
const STATES = [
  "established",
  "syn-sent",
  "syn-recv",
  "fin-wait-1",
  "fin-wait-2",
  "time-wait",
  "closed",
  "close-wait",
  "last-ack",
  "listen",
  "closing",
  "new-syn-recv",
];

/** The sockets that do not wait, in the order of the kernel. */
export function parseConnections(text: string, protocol: "tcp" | "udp"): Connection[] {
  const connections: Connection[] = [];
  for (const line of text.split("\n").slice(1)) {
    const [, local = "", remote = "", state = "", , , , , , inode = "0"] = line.trim().split(/\s+/);
    const [from, to] = [parseEndpoint(local), parseEndpoint(remote)];
    if (from === undefined || to === undefined || state === WAITING_STATE[protocol]) continue;
    connections.push({
      protocol,
      state: STATES[Number.parseInt(state, 16) - 1] ?? "unknown",
      localAddress: from.address,
      localPort: from.port,
      remoteAddress: to.address,
      remotePort: to.port,
      inode,
    });
  }
  return connections;
}

/** e.g. `0100007F:0CEA`. */
function parseEndpoint(text: string): { address: string; port: number } | undefined {
  const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text) ?? [];
  if (address === undefined || port === undefined) return undefined;
  return { address: decodeAddress(address), port: Number.parseInt(port, 16) };
}

/** Words of 32 bits as the processor has them in memory; both that Socle runs on are little-endian. */
export function decodeAddress(hex: string): string {
  const bytes = [...hex.matchAll(/../g)].map(([byte]) => Number.parseInt(byte, 16));
  const inOrder = bytes.map((_, at) => bytes[at - (at % 4) + 3 - (at % 4)] ?? 0);
  return formatAddress(inOrder);
}

/** 4 or 16 bytes in the order of the network. */
export function formatAddress(bytes: readonly number[]): string {
  return bytes.length === 4 ? bytes.join(".") : formatIpv6(bytes);
}

/** RFC 5952: no leading zeros, and the first longest run of two zero groups or more left out. */
export function formatIpv6(bytes: ArrayLike<number>): string {
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
