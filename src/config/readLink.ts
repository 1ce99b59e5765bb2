import {
  inside,
  listOf,
  readBoolean,
  readText,
  refuse,
  wholeNumber,
  type FieldReaders,
  type Place,
} from "./documentReader.ts";
import { isLinkLocal, parseIpAddress, type IpAddress } from "./ipAddress.ts";
import { holds, parseIpNetwork, refuseHostAddress, type IpNetwork } from "./ipNetwork.ts";
import type { DomainName, LinkConfiguration, RouteConfiguration } from "./networkConfiguration.ts";
import { NETWORK_TEXT_RULES } from "./networkTexts.ts";
import { readRoute } from "./readRoute.ts";
import { readUnicastAddress } from "./readUnicastAddress.ts";

/** The keys that every kind of link has. */
export interface LinkDocument {
  readonly dhcp?: boolean;
  readonly addresses?: readonly IpNetwork[];
  readonly gateway?: IpAddress;
  readonly dns?: readonly IpAddress[];
  readonly domains?: readonly DomainName[];
  readonly mtu?: number;
  readonly routes?: readonly RouteConfiguration[];
}

/** IPv6 needs links of 1280 bytes (RFC 8200, 5); the kernel takes up to 65535. */
const MTU_BOUNDS = [1280, 65_535] as const;

export const LINK_FIELDS: FieldReaders<LinkDocument> = {
  dhcp: readBoolean,
  addresses: listOf("addresses", 64, readNetworkAddress),
  gateway: readUnicastAddress,
  dns: listOf("addresses of DNS servers", 16, readUnicastAddress),
  domains: listOf("domains", 16, readText<DomainName>(NETWORK_TEXT_RULES.domain)),
  mtu: wholeNumber(...MTU_BOUNDS),
  routes: listOf("routes", 256, readRoute),
};

/** With addresses and without a word about DHCP, a link has its addresses only. */
export function toLink(place: Place, document: LinkDocument): LinkConfiguration {
  const { addresses = [], gateway, dns = [], domains = [], mtu, routes = [] } = document;
  const dhcp = document.dhcp ?? addresses.length === 0;
  const areKnown = document.addresses !== undefined || !Object.hasOwn(Object(place.value), "addresses");
  if (gateway !== undefined && areKnown) {
    const hint = "DHCP brings its own gateway: leave the key out, or add addresses";
    refuseUnreachable(inside(place, "gateway", gateway), gateway, addresses, hint);
  }
  // With DHCP nobody knows yet what will be reachable.
  for (const [index, { via }] of areKnown && !dhcp ? routes.entries() : []) {
    const keys = [...place.keys, "routes", index, "via"];
    if (via !== undefined) refuseUnreachable({ ...place, keys, value: via }, via, addresses, "add addresses");
  }
  return {
    dhcp,
    addresses,
    ...(gateway === undefined ? {} : { gateway }),
    dns,
    domains,
    ...(mtu === undefined ? {} : { mtu }),
    routes,
  };
}

/** systemd-networkd would not add the route, and say so in its log only. */
function refuseUnreachable(
  place: Place,
  gateway: IpAddress,
  addresses: readonly IpNetwork[],
  hintWithoutAddresses: string,
): void {
  const value = parseIpAddress(gateway);
  if (value === undefined || isLinkLocal(value)) return;
  const networks = addresses.flatMap((address) => parseIpNetwork(address) ?? []);
  const isItself = networks.some(
    ({ address }) => address.family === value.family && address.bits === value.bits,
  );
  if (!isItself && networks.some((network) => holds(network, value))) return;
  const hint = isItself
    ? "that is this machine itself"
    : networks.length === 0
      ? hintWithoutAddresses
      : undefined;
  refuse(place, "another address in the network of one of the addresses", hint);
}

function readNetworkAddress(place: Place): IpNetwork | undefined {
  const wanted =
    'an IP address with the length of its network\'s prefix, such as "192.0.2.10/24" or "2001:db8::10/64"';
  if (typeof place.value !== "string") return refuse(place, wanted);
  const network = parseIpNetwork(place.value);
  if (network === undefined) {
    const isBare = parseIpAddress(place.value) !== undefined;
    return refuse(
      place,
      wanted,
      isBare
        ? `the prefix is missing; often it is "${place.value}/${place.value.includes(":") ? 64 : 24}"`
        : undefined,
    );
  }
  const refusal = refuseHostAddress(network);
  return refusal === undefined ? (place.value as IpNetwork) : refuse(place, wanted, refusal); // parsed above
}
