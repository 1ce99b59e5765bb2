import { assign, section, toText, type EtcFile } from "./etcFile.ts";
import type {
  BondConfiguration,
  LinkConfiguration,
  LinkReference,
  NetworkConfiguration,
  VlanConfiguration,
} from "./networkConfiguration.ts";

/**
 * networkd takes the first file that matches a link. So links that are made come first, as a VLAN has the MAC
 * address of what it lies on; then members of bonds; then the entries, before the image's 89-socle-dhcp.network.
 */
const ORDER = { made: "40", member: "45", entry: "50" } as const;

export function renderNetwork(network: NetworkConfiguration): EtcFile[] {
  const { interfaces, vlans, bonds, dns, domains } = network;
  return [
    ...bonds.flatMap((bond) => [
      toNetworkdFile(`${ORDER.made}-socle-${bond.name}.netdev`, encodeBond(bond)),
      toNetworkdFile(
        `${ORDER.made}-socle-${bond.name}.network`,
        encodeLink([`Name=${bond.name}`], bond, vlansOn(network, [bond.name])),
      ),
    ]),
    ...vlans.flatMap((vlan) => [
      toNetworkdFile(`${ORDER.made}-socle-${vlan.name}.netdev`, encodeVlan(vlan)),
      toNetworkdFile(
        `${ORDER.made}-socle-${vlan.name}.network`,
        encodeLink([`Name=${vlan.name}`], vlan, vlansOn(network, [vlan.name])),
      ),
    ]),
    ...bonds.flatMap(({ name, members }) =>
      members.map((member, index) =>
        toNetworkdFile(`${ORDER.member}-socle-${name}-${toNumber(index)}.network`, [
          ...section("Match", toMemberMatch(member), "Type=!loopback"),
          ...section("Network", `Bond=${name}`),
        ]),
      ),
    ),
    ...interfaces.map((entry, index) => {
      const { name, macAddress } = entry.match;
      // Without a type, a pattern such as `*` would take the loopback interface too.
      const match = [...assign("Name", name), ...assign("MACAddress", macAddress), "Type=!loopback"];
      return toNetworkdFile(
        `${ORDER.entry}-socle-${toNumber(index)}.network`,
        encodeLink(match, entry, vlansOn(network, [name, macAddress])),
      );
    }),
    ...renderResolved(dns, domains),
  ];
}

function renderResolved(dns: readonly string[], domains: readonly string[]): EtcFile[] {
  if (dns.length === 0 && domains.length === 0) return [];
  const lines = section("Resolve", ...assign("DNS", ...dns), ...assign("Domains", ...domains));
  return [toText("systemd/resolved.conf.d/50-socle.conf", lines.join("\n"))];
}

function toNetworkdFile(name: string, lines: readonly string[]): EtcFile {
  // One line break at the end, and none before it.
  return toText(`systemd/network/${name}`, `${lines.join("\n").trimEnd()}\n`);
}

/** A bond gives its members its own address: they are told apart by the one that they were made with. */
function toMemberMatch(member: LinkReference): string {
  return member.includes(":") ? `PermanentMACAddress=${member}` : `Name=${member}`;
}

function toNumber(index: number): string {
  return String(index).padStart(2, "0");
}

function vlansOn({ vlans }: NetworkConfiguration, references: readonly (string | undefined)[]): string[] {
  return vlans.filter(({ on }) => references.includes(on)).map(({ name }) => name);
}

/** systemd.network(5). */
function encodeLink(match: readonly string[], link: LinkConfiguration, vlans: readonly string[]): string[] {
  const { dhcp, addresses, gateway, dns, domains, mtu, routes } = link;
  return [
    ...section("Match", ...match),
    ...section("Link", ...assign("MTUBytes", mtu)),
    ...section(
      "Network",
      `DHCP=${dhcp ? "yes" : "no"}`,
      ...assign("Address", ...addresses),
      ...assign("Gateway", gateway),
      ...assign("DNS", ...dns),
      ...assign("Domains", ...domains),
      ...assign("VLAN", ...vlans),
    ),
    ...routes.flatMap(({ to, via, metric }) =>
      section("Route", `Destination=${to}`, ...assign("Gateway", via), ...assign("Metric", metric)),
    ),
  ];
}

/** systemd.netdev(5). */
function encodeVlan({ name, id }: VlanConfiguration): string[] {
  return [...section("NetDev", `Name=${name}`, "Kind=vlan"), ...section("VLAN", `Id=${id}`)];
}

function encodeBond({ name, mode, lacpRate, hashPolicy }: BondConfiguration): string[] {
  return [
    ...section("NetDev", `Name=${name}`, "Kind=bond"),
    ...section(
      "Bond",
      `Mode=${mode}`,
      // The kernel looks at no member's link unless it is told how often: a cable could be out unseen.
      "MIIMonitorSec=100ms",
      ...assign("LACPTransmitRate", lacpRate),
      ...assign("TransmitHashPolicy", hashPolicy),
    ),
  ];
}
