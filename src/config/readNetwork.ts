import { listOf, readFields, readText, type FieldReaders, type Place } from "./documentReader.ts";
import type { IpAddress } from "./ipAddress.ts";
import type {
  BondConfiguration,
  DomainName,
  InterfaceConfiguration,
  NetworkConfiguration,
  NoProxyEntry,
  ProxyConfiguration,
  ProxyUrl,
  VlanConfiguration,
} from "./networkConfiguration.ts";
import { NETWORK_TEXT_RULES } from "./networkTexts.ts";
import { readBond } from "./readBond.ts";
import { readInterface } from "./readInterface.ts";
import { readUnicastAddress } from "./readUnicastAddress.ts";
import { readVlan } from "./readVlan.ts";
import { refuseAddresses } from "./refuseAddresses.ts";
import { refuseLinks } from "./refuseLinks.ts";

interface NetworkDocument {
  readonly interfaces?: readonly InterfaceConfiguration[];
  readonly vlans?: readonly VlanConfiguration[];
  readonly bonds?: readonly BondConfiguration[];
  readonly dns?: readonly IpAddress[];
  readonly domains?: readonly DomainName[];
  readonly proxy?: ProxyConfiguration;
}

const PROXY_FIELDS: FieldReaders<ProxyConfiguration> = {
  http: readText<ProxyUrl>(NETWORK_TEXT_RULES.proxy),
  https: readText<ProxyUrl>(NETWORK_TEXT_RULES.proxy),
  noProxy: listOf("hosts and networks", 100, readText<NoProxyEntry>(NETWORK_TEXT_RULES.noProxy)),
};

const NETWORK_FIELDS: FieldReaders<NetworkDocument> = {
  // As many as the two digits in the names of the rendered files can order.
  interfaces: listOf("interfaces", 100, readInterface),
  vlans: listOf("VLANs", 100, readVlan),
  bonds: listOf("bonds", 16, readBond),
  dns: listOf("addresses of DNS servers", 16, readUnicastAddress),
  domains: listOf("domains", 16, readText<DomainName>(NETWORK_TEXT_RULES.domain)),
  proxy: (place) => readFields(place, PROXY_FIELDS, []),
};

/** Whether the parts fit together is asked once each of them is right: else one mistake were told twice. */
export function readNetwork(place: Place): NetworkConfiguration | undefined {
  const before = place.problems.length;
  const document = readFields(place, NETWORK_FIELDS, []);
  if (document === undefined || place.problems.length > before) return undefined;
  const { interfaces = [], vlans = [], bonds = [], dns = [], domains = [], proxy = {} } = document;
  const network: NetworkConfiguration = { interfaces, vlans, bonds, dns, domains, proxy };
  refuseLinks(place, network);
  refuseAddresses(place, network);
  return network;
}
