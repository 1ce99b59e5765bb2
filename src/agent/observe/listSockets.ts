import type { MessageInitShape } from "@bufbuild/protobuf";

import type { ListSocketsResponseSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { SOCKET_TABLES, parseConnections } from "../facts/sockets.ts";
import { readText, type Machine } from "../machineFacts.ts";
import { readListeners } from "../readListeners.ts";

export async function listSockets(
  machine: Machine,
  withConnections: boolean,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof ListSocketsResponseSchema>> {
  const waiting = (await readListeners(machine, signal)).map(
    ({ protocol, address, port, process, unit }) => ({
      protocol,
      state: protocol === "tcp" ? "listen" : "unconnected",
      localAddress: address,
      localPort: port,
      process,
      unit,
    }),
  );
  if (!withConnections) return { sockets: waiting };
  const tables = await Promise.all(
    SOCKET_TABLES.map(async ({ path, protocol }) =>
      parseConnections((await readText(machine, path)) ?? "", protocol),
    ),
  );
  return { sockets: [...waiting, ...tables.flat()] };
}
