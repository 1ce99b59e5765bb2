import type { MessageInitShape } from "@bufbuild/protobuf";

import type { GetNetworkResponseSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { readText, type Machine } from "../machineFacts.ts";
import type { ObserveMachine } from "./observeMachine.ts";
import { parseRoutes4, parseRoutes6 } from "./routes.ts";

/** What systemd-resolved uses itself; /etc/resolv.conf only leads to it. */
const RESOLV_CONF = "/run/systemd/resolve/resolv.conf";
const INTERFACES = "/sys/class/net";

/** Read from the kernel itself: an image need not have `ip`. */
export async function getNetwork(
  machine: Pick<ObserveMachine, "readFile" | "listFolder" | "listAddresses">,
): Promise<MessageInitShape<typeof GetNetworkResponseSchema>> {
  const [names, addresses, routes4, routes6, resolv] = await Promise.all([
    listInterfaces(machine),
    machine.listAddresses(),
    readText(machine, "/proc/net/route"),
    readText(machine, "/proc/net/ipv6_route"),
    readText(machine, RESOLV_CONF),
  ]);
  const interfaces = await Promise.all(
    names.map(async (name) => ({
      ...(await readInterface(machine, name)),
      addresses: addresses.filter((address) => address.interface === name).map(({ address }) => address),
    })),
  );
  return {
    interfaces,
    routes: [...parseRoutes4(routes4 ?? ""), ...parseRoutes6(routes6 ?? "")],
    ...parseResolvConf(resolv ?? ""),
  };
}

/** By name. Beside the interfaces, bonding leaves a file of its own there. */
export async function listInterfaces(machine: Pick<Machine, "listFolder">): Promise<string[]> {
  return (await machine.listFolder(INTERFACES)).filter((name) => name !== "bonding_masters").toSorted();
}

async function readInterface(machine: Pick<Machine, "readFile">, name: string) {
  // The kernel refuses to say some things of an interface that is down.
  const read = async (file: string) =>
    (await readText(machine, `${INTERFACES}/${name}/${file}`).catch(() => undefined))?.trim() ?? "";
  const count = async (file: string) => toCount(await read(`statistics/${file}`));
  return {
    name,
    macAddress: (await read("address")).replace(/^(?:00:)*00$/, ""),
    state: await read("operstate"),
    mtu: Number(toCount(await read("mtu"))),
    receivedBytes: await count("rx_bytes"),
    sentBytes: await count("tx_bytes"),
    errors: (await count("rx_errors")) + (await count("tx_errors")),
    dropped: (await count("rx_dropped")) + (await count("tx_dropped")),
  };
}

function toCount(text: string): bigint {
  return /^\d+$/.test(text) ? BigInt(text) : 0n;
}

/** resolv.conf(5). */
export function parseResolvConf(resolv: string): { nameServers: string[]; searchDomains: string[] } {
  const values = (key: string) =>
    [...resolv.matchAll(new RegExp(`^${key}\\s+(.*)$`, "gm"))].flatMap(([, rest = ""]) =>
      rest.trim().split(/\s+/),
    );
  return {
    nameServers: values("nameserver"),
    searchDomains: values("search").filter((domain) => domain !== "."),
  };
}
