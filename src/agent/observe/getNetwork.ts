import type { MessageInitShape } from "@bufbuild/protobuf";
import * as z from "zod/mini";

import type { GetNetworkResponseSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { readText, type Machine } from "../machineFacts.ts";

const text = z._default(z.string(), "");
const count = z._default(z.number(), 0);

/** Of what `ip -json -stats address show` says. */
const links = z.array(
  z.object({
    ifname: z.string(),
    address: text,
    operstate: text,
    mtu: count,
    addr_info: z._default(z.array(z.object({ local: z.string(), prefixlen: z.number() })), []),
    stats64: z.optional(
      z.object({
        rx: z.object({ bytes: count, errors: count, dropped: count }),
        tx: z.object({ bytes: count, errors: count, dropped: count }),
      }),
    ),
  }),
);

/** Of what `ip -json route show` says. */
const routes = z.array(z.object({ dst: z.string(), gateway: text, dev: text, metric: count }));

/** What systemd-resolved uses itself; /etc/resolv.conf only leads to it. */
const RESOLV_CONF = "/run/systemd/resolve/resolv.conf";

export async function getNetwork(
  machine: Machine,
): Promise<MessageInitShape<typeof GetNetworkResponseSchema>> {
  const [linkText, routes4, routes6, resolv] = await Promise.all([
    machine.run("ip", ["-json", "-stats", "address", "show"]),
    machine.run("ip", ["-json", "-4", "route", "show"]),
    machine.run("ip", ["-json", "-6", "route", "show"]),
    readText(machine, RESOLV_CONF),
  ]);
  return {
    interfaces: parseLinks(linkText),
    routes: [...parseRoutes(routes4), ...parseRoutes(routes6)],
    ...parseResolvConf(resolv ?? ""),
  };
}

export function parseLinks(json: string) {
  return links
    .parse(JSON.parse(json))
    .map(({ ifname, address, operstate, mtu, addr_info, stats64 }) => ({
      name: ifname,
      macAddress: address,
      state: operstate.toLowerCase(),
      mtu,
      addresses: addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
      receivedBytes: BigInt(stats64?.rx.bytes ?? 0),
      sentBytes: BigInt(stats64?.tx.bytes ?? 0),
      errors: BigInt((stats64?.rx.errors ?? 0) + (stats64?.tx.errors ?? 0)),
      dropped: BigInt((stats64?.rx.dropped ?? 0) + (stats64?.tx.dropped ?? 0)),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export function parseRoutes(json: string) {
  return routes
    .parse(JSON.parse(json.trim() === "" ? "[]" : json))
    .map(({ dst, gateway, dev, metric }) => ({ destination: dst, gateway, interface: dev, metric }));
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
