import type { MessageInitShape } from "@bufbuild/protobuf";

import type { RouteSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { decodeAddress, formatIpv6 } from "../facts/sockets.ts";

type RouteInit = MessageInitShape<typeof RouteSchema>;

// The kernel's route.h and ipv6_route.h.
const UP = 0x1;
const GATEWAY = 0x2;
const REJECT = 0x200;
/** An address of the machine itself, not a way to others. */
const LOCAL = 0x8000_0000;

/** /proc/net/route: of the main table, numbers in hex as the processor has them in memory. */
export function parseRoutes4(text: string): RouteInit[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length >= 8 && (toFlags(fields[3]) & (UP | REJECT)) === UP)
    .map(([name = "", destination = "", gateway = "", flags, , , metric = "0", mask = ""]) => ({
      destination: toNetwork(decodeAddress(destination), countBits(mask), "0.0.0.0"),
      gateway: (toFlags(flags) & GATEWAY) === 0 ? "" : decodeAddress(gateway),
      interface: name,
      metric: Number(metric),
    }));
}

/** /proc/net/ipv6_route: of all tables; addresses in hex in the order of the network. Multicast is left out, as `ip` does. */
export function parseRoutes6(text: string): RouteInit[] {
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => {
      const flags = toFlags(fields[8]);
      return fields.length >= 10 && (flags & (UP | REJECT)) === UP && (flags & LOCAL) === 0;
    })
    .filter(([destination = ""]) => !destination.startsWith("ff"))
    .map(([destination = "", prefix = "", , , gateway = "", metric = "", , , flags, name = ""]) => ({
      destination: toNetwork(formatIpv6(Buffer.from(destination, "hex")), Number.parseInt(prefix, 16), "::"),
      gateway: (toFlags(flags) & GATEWAY) === 0 ? "" : formatIpv6(Buffer.from(gateway, "hex")),
      interface: name,
      metric: Number.parseInt(metric, 16),
    }));
}

function toFlags(hex = "0"): number {
  return Number.parseInt(hex, 16);
}

function toNetwork(address: string, prefixLength: number, everything: string): string {
  return address === everything && prefixLength === 0 ? "default" : `${address}/${prefixLength}`;
}

function countBits(hex: string): number {
  return Number.parseInt(hex, 16).toString(2).replaceAll("0", "").length;
}
