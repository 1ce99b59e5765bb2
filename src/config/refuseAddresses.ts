/** Addresses and ways that two links cannot both have: the kernel would take either, or none. */
import { refuse, type Place } from "./documentReader.ts";
import { isLinkLocal, type IpAddressValue } from "./ipAddress.ts";
import { parseIpNetwork, parseRouteTarget, type IpNetworkValue } from "./ipNetwork.ts";
import type { LinkConfiguration, NetworkConfiguration } from "./networkConfiguration.ts";

export function refuseAddresses(place: Place, { interfaces, bonds, vlans }: NetworkConfiguration): void {
  const seen: Seen = { addresses: new Map(), networks: new Map(), ways: new Map() };
  for (const [list, links] of Object.entries({ interfaces, bonds, vlans })) {
    for (const [index, link] of links.entries()) {
      const at: Place = { ...place, keys: [...place.keys, list, index] };
      refuseLinkAddresses(at, `${list}[${index}]`, link, seen);
      refuseLinkRoutes(at, `${list}[${index}]`, link, seen);
    }
  }
}

/** Each with the link that has it: `interfaces[0]`. */
interface Seen {
  readonly addresses: Map<string, string>;
  readonly networks: Map<string, string>;
  readonly ways: Map<string, string>;
}

function refuseLinkAddresses(place: Place, owner: string, link: LinkConfiguration, seen: Seen): void {
  for (const [index, text] of link.addresses.entries()) {
    const network = parseIpNetwork(text);
    if (network === undefined || isLinkLocal(network.address)) continue; // link-local is the same on each link
    const at: Place = { ...place, keys: [...place.keys, "addresses", index], value: text };
    const address = toKey(network.address);
    const first = seen.addresses.get(address);
    if (first !== undefined) {
      refuse(at, "an address that no other link has", `${first} has it`);
      continue;
    }
    seen.addresses.set(address, owner);
    const key = toNetworkKey(network);
    const other = seen.networks.get(key) ?? owner;
    if (other === owner) seen.networks.set(key, owner);
    else {
      const wanted = "an address in a network that no other link is in";
      refuse(at, wanted, `${other} is in the same: it would be chance which one is used`);
    }
  }
}

function refuseLinkRoutes(place: Place, owner: string, link: LinkConfiguration, seen: Seen): void {
  const { gateway, routes } = link;
  const everything = gateway?.includes(":") === true ? "::/0" : "0.0.0.0/0";
  const ways = [
    ...(gateway === undefined ? [] : [{ keys: ["gateway"], value: gateway, to: everything, metric: 0 }]),
    ...routes.map(({ to, metric = 0 }, index) => ({ keys: ["routes", index, "to"], value: to, to, metric })),
  ];
  for (const { keys, value, to, metric } of ways) {
    const target = parseRouteTarget(to);
    if (target === undefined) continue;
    const key = `${toNetworkKey(target)} ${metric}`;
    const first = seen.ways.get(key);
    if (first === undefined) seen.ways.set(key, owner);
    else {
      const wanted = "the only way to where it leads, or a route with a metric of its own";
      refuse({ ...place, keys: [...place.keys, ...keys], value }, wanted, `${first} leads to ${to} as well`);
    }
  }
}

function toKey({ family, bits }: IpAddressValue): string {
  return `${family} ${bits.toString(16)}`;
}

function toNetworkKey({ address, prefixLength }: IpNetworkValue): string {
  const hostBits = BigInt((address.family === 4 ? 32 : 128) - prefixLength);
  return `${address.family} ${(address.bits >> hostBits).toString(16)}/${prefixLength}`;
}
