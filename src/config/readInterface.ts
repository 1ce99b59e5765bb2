import {
  listOf,
  readBoolean,
  readFields,
  readText,
  refuse,
  type FieldReaders,
  type Place,
} from "./documentReader.ts";
import { isLinkLocal, isUnicast, parseIpAddress, type IpAddress } from "./ipAddress.ts";
import { holds, parseIpNetwork, refuseHostAddress, type IpNetwork } from "./ipNetwork.ts";
import type {
  InterfaceConfiguration,
  InterfaceGlob,
  InterfaceMatch,
  MacAddress,
} from "./machineConfiguration.ts";

interface InterfaceDocument {
  readonly match: InterfaceMatch;
  readonly dhcp?: boolean;
  readonly addresses?: readonly IpNetwork[];
  readonly gateway?: IpAddress;
  readonly dns?: readonly IpAddress[];
}

const MATCH_FIELDS: FieldReaders<InterfaceMatch> = {
  /** systemd drops a pattern that is a number or one of two names which the kernel keeps for itself. */
  name: readText<InterfaceGlob>({
    wanted: 'the name of an interface or a pattern for it, such as "enp1s0", "en*" or "eth[01]"',
    pattern: /^(?!(?:\d+|all|default|\.\.?)$)(?=.{1,64}$)(?:[A-Za-z0-9_.@*?-]|\[[!^]?[A-Za-z0-9_.-]+\])+$/,
    hint: (text) => (/[\s,]/.test(text.trim()) ? "write an interface entry for each pattern" : undefined),
  }),
  macAddress: readMacAddress,
};

const INTERFACE_FIELDS: FieldReaders<InterfaceDocument> = {
  match: readMatch,
  dhcp: readBoolean,
  addresses: listOf("addresses", 64, readNetworkAddress),
  gateway: readUnicastAddress,
  dns: listOf("addresses of DNS servers", 16, readUnicastAddress),
};

/** With addresses and without a word about DHCP, an interface has its addresses only. */
export function readInterface(place: Place): InterfaceConfiguration | undefined {
  const document = readFields(place, INTERFACE_FIELDS, ["match"]);
  if (document === undefined) return undefined;
  const { match, addresses = [], gateway, dns = [] } = document;
  const addressesAreKnown =
    document.addresses !== undefined || !Object.hasOwn(Object(place.value), "addresses");
  if (gateway !== undefined && addressesAreKnown) {
    refuseUnreachable({ ...place, keys: [...place.keys, "gateway"], value: gateway }, gateway, addresses);
  }
  if (match === undefined) return undefined;
  const dhcp = document.dhcp ?? addresses.length === 0;
  return { match, dhcp, addresses, ...(gateway === undefined ? {} : { gateway }), dns };
}

/** systemd-networkd would not add the route, and say so in its log only. */
function refuseUnreachable(place: Place, gateway: IpAddress, addresses: readonly IpNetwork[]): void {
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
      ? "DHCP brings its own gateway: leave the key out, or add addresses"
      : undefined;
  refuse(place, "another address in the network of one of the addresses", hint);
}

function readMatch(place: Place): InterfaceMatch | undefined {
  const before = place.problems.length;
  const match = readFields(place, MATCH_FIELDS, []);
  if (match === undefined || place.problems.length > before) return undefined;
  if (match.name !== undefined || match.macAddress !== undefined) return match;
  return refuse(place, "a name, a macAddress or both", 'write "name": "en*" for every wired interface');
}

/** The second of two entries with the same match would never apply. */
export function refuseRepeatedMatches(place: Place, interfaces: readonly InterfaceConfiguration[]): void {
  const seen = new Map<string, number>();
  for (const [index, { match }] of interfaces.entries()) {
    const key = `${match.name ?? ""} ${match.macAddress ?? ""}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else {
      const keys = [...place.keys, index, "match"];
      refuse(
        { ...place, keys, value: match },
        "a match of its own",
        `interfaces[${first}] has the same, and the first one counts`,
      );
    }
  }
}

function readMacAddress(place: Place): MacAddress | undefined {
  const read = readText<MacAddress>({
    wanted: 'a MAC address, such as "52:54:00:12:34:56"',
    pattern: /^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/,
    hint: (text) =>
      /^[0-9a-fA-F]{2}(?:-[0-9a-fA-F]{2}){5}$/.test(text)
        ? `did you mean "${text.replaceAll("-", ":")}"?`
        : undefined,
  });
  return read(place)?.toLowerCase() as MacAddress | undefined; // lower case is still such an address
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

function readUnicastAddress(place: Place): IpAddress | undefined {
  const wanted = 'an IP address, such as "192.0.2.1" or "2001:db8::1"';
  if (typeof place.value !== "string") return refuse(place, wanted);
  const address = parseIpAddress(place.value);
  if (address !== undefined && isUnicast(address)) return place.value as IpAddress; // parsed and judged
  return refuse(place, wanted, /[/%]/.test(place.value) ? "without a prefix or a zone" : undefined);
}
