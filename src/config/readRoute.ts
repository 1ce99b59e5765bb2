import { inside, readFields, refuse, wholeNumber, type FieldReaders, type Place } from "./documentReader.ts";
import { parseIpAddress, type IpAddress } from "./ipAddress.ts";
import { parseRouteTarget } from "./ipNetwork.ts";
import type { RouteConfiguration, RouteTarget } from "./networkConfiguration.ts";
import { readUnicastAddress } from "./readUnicastAddress.ts";

const ROUTE_FIELDS: FieldReaders<RouteConfiguration> = {
  to: readRouteTarget,
  via: readUnicastAddress,
  metric: wholeNumber(1, 4_294_967_295),
};

export function readRoute(place: Place): RouteConfiguration | undefined {
  const { to, via, metric } = readFields(place, ROUTE_FIELDS, ["to"]) ?? {};
  if (to === undefined) return undefined;
  if (via !== undefined) refuseOtherFamily(inside(place, "via", via), to, via);
  return { to, ...(via === undefined ? {} : { via }), ...(metric === undefined ? {} : { metric }) };
}

function refuseOtherFamily(place: Place, to: RouteTarget, via: IpAddress): void {
  const family = parseRouteTarget(to)?.address.family;
  if (parseIpAddress(via)?.family !== family) refuse(place, `an IPv${family} address, as "${to}" is`);
}

function readRouteTarget(place: Place): RouteTarget | undefined {
  const wanted = 'a network, such as "10.0.0.0/8", or "0.0.0.0/0" or "::/0" for all';
  if (typeof place.value !== "string") return refuse(place, wanted);
  const target = parseRouteTarget(place.value);
  if (target === undefined) return refuse(place, wanted);
  const { address, prefixLength } = target;
  const hostBits = BigInt((address.family === 4 ? 32 : 128) - prefixLength);
  const isNetwork = (address.bits >> hostBits) << hostBits === address.bits;
  return isNetwork
    ? (place.value as RouteTarget) // parsed and judged
    : refuse(place, wanted, "that is an address in a network, not a network: end it with zeros");
}
