import { LOOKS } from "#system/privilegedLook.ts";

import {
  SOCKET_TABLES,
  parseSocketLink,
  parseSocketTable,
  parseUnitOfCgroup,
  type WaitingSocket,
} from "./facts/sockets.ts";
import { readText, type Machine } from "./machineFacts.ts";

export interface Listener {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
  /** Name of a process that holds the socket; empty when it cannot be told. */
  readonly process: string;
  /** Unit of that process; empty when it cannot be told. */
  readonly unit: string;
}

/** What waits for connections or datagrams, sorted by protocol, port and address. */
export async function readListeners(machine: Machine, signal: AbortSignal): Promise<Listener[]> {
  const tables = await Promise.all(
    SOCKET_TABLES.map(async ({ path, protocol }) =>
      parseSocketTable((await readText(machine, path)) ?? "", protocol),
    ),
  );
  const sockets = tables.flat();
  const holders = await findHolders(machine, sockets, signal);
  return sockets
    .map(({ protocol, address, port, inode }) => ({
      protocol,
      address,
      port,
      ...(holders.get(inode) ?? { process: "", unit: "" }),
    }))
    .toSorted(
      (a, b) => a.protocol.localeCompare(b.protocol) || a.port - b.port || a.address.localeCompare(b.address),
    );
}

type Holder = Pick<Listener, "process" | "unit">;

/**
 * Who holds each socket: of several processes the one with the lowest number, but PID 1 last, because it also
 * holds sockets for others. It stops as soon as every socket has its process.
 */
export async function findHolders(
  machine: Machine,
  sockets: readonly Pick<WaitingSocket, "inode">[],
  signal: AbortSignal,
): Promise<Map<string, Holder>> {
  const wanted = new Set(sockets.map(({ inode }) => inode));
  wanted.delete("0"); // held by none
  const holders = new Map<string, Holder>();
  const numbers = (await machine.listFolder("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const isFirst = (pid: number) => Number(pid === 1);
  const told = await machine.look?.(LOOKS.socketHolders);
  const socketsOf = told === undefined ? undefined : parseHolders(told);
  for (const pid of numbers.toSorted((a, b) => isFirst(a) - isFirst(b) || a - b)) {
    if (wanted.size === 0) break;
    signal.throwIfAborted();
    const held = socketsOf === undefined ? await readSocketsOf(machine, pid) : (socketsOf.get(pid) ?? []);
    const found = held.filter((inode) => wanted.delete(inode));
    if (found.length === 0) continue;
    const holder = await readHolder(machine, pid);
    for (const inode of found) holders.set(inode, holder);
  }
  return holders;
}

/** The sockets of each process, by lines such as `/proc/42/fd/3 socket:[815]`. */
function parseHolders(text: string): Map<number, string[]> {
  const sockets = new Map<number, string[]>();
  for (const line of text.split("\n")) {
    const [, pid, link = ""] = /^\/proc\/(\d+)\/fd\/\d+ (.*)$/.exec(line) ?? [];
    const inode = parseSocketLink(link);
    if (pid === undefined || inode === undefined) continue;
    const held = sockets.get(Number(pid)) ?? [];
    held.push(inode);
    sockets.set(Number(pid), held);
  }
  return sockets;
}

/** None of a process that has ended meanwhile, or that we may not look into. */
async function readSocketsOf(machine: Machine, pid: number): Promise<string[]> {
  try {
    const names = await machine.listFolder(`/proc/${pid}/fd`);
    const entries = await Promise.all(names.map((name) => machine.readEntry(`/proc/${pid}/fd/${name}`)));
    return entries
      .map((entry) => parseSocketLink(entry?.target ?? ""))
      .filter((inode) => inode !== undefined);
  } catch {
    return [];
  }
}

async function readHolder(machine: Machine, pid: number): Promise<Holder> {
  try {
    const [process, cgroup] = await Promise.all([
      readText(machine, `/proc/${pid}/comm`),
      readText(machine, `/proc/${pid}/cgroup`),
    ]);
    return { process: process?.trim() ?? "", unit: parseUnitOfCgroup(cgroup ?? "") };
  } catch {
    return { process: "", unit: "" };
  }
}
