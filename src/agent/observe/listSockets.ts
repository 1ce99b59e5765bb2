import type { MessageInitShape } from "@bufbuild/protobuf";

import type { ListSocketsResponseSchema, SocketSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { SOCKET_TABLES, parseConnections } from "../facts/sockets.ts";
import { readText, type Machine } from "../machineFacts.ts";
import { findHolders, readListeners } from "../readListeners.ts";

type SocketInit = MessageInitShape<typeof SocketSchema>;

export async function listSockets(
  machine: Machine,
  withConnections: boolean,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof ListSocketsResponseSchema>> {
  const waiting = (await readListeners(machine, signal)).map(
    ({ protocol, address, port, process, unit }): SocketInit => ({
      protocol,
      state: protocol === "tcp" ? "listen" : "unconnected",
      localAddress: address,
      localPort: port,
      process,
      unit,
    }),
  );
  const connected = withConnections ? await readConnections(machine, signal) : [];
  return { sockets: [...waiting, ...connected].toSorted(compareSockets) };
}

async function readConnections(machine: Machine, signal: AbortSignal): Promise<SocketInit[]> {
  const tables = await Promise.all(
    SOCKET_TABLES.map(async ({ path, protocol }) =>
      parseConnections((await readText(machine, path)) ?? "", protocol),
    ),
  );
  const connections = tables.flat();
  const holders = await findHolders(machine, connections, signal);
  return connections.map(({ inode, ...connection }) => ({ ...connection, ...holders.get(inode) }));
}

function compareSockets(a: SocketInit, b: SocketInit): number {
  return (
    (a.protocol ?? "").localeCompare(b.protocol ?? "") ||
    (a.localAddress ?? "").localeCompare(b.localAddress ?? "") ||
    (a.localPort ?? 0) - (b.localPort ?? 0) ||
    (a.remoteAddress ?? "").localeCompare(b.remoteAddress ?? "") ||
    (a.remotePort ?? 0) - (b.remotePort ?? 0)
  );
}
