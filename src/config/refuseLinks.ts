/** What no machine can have of links, each of them being right by itself. */
import { refuse, type Place } from "./documentReader.ts";
import type { NetworkConfiguration, VlanConfiguration } from "./networkConfiguration.ts";

type Refuse = (keys: readonly (string | number)[], value: unknown, wanted: string, hint?: string) => void;

export function refuseLinks(place: Place, network: NetworkConfiguration): void {
  const refuseAt: Refuse = (keys, value, wanted, hint) =>
    refuse({ ...place, keys: [...place.keys, ...keys], value }, wanted, hint);
  refuseRepeatedMatches(refuseAt, network);
  refuseRepeatedNames(refuseAt, network);
  refuseMembers(refuseAt, network);
  for (const [index, vlan] of network.vlans.entries()) refuseParent(refuseAt, network, vlan, index);
}

/** The second of two entries with the same match would never apply. */
function refuseRepeatedMatches(refuseAt: Refuse, { interfaces }: NetworkConfiguration): void {
  const seen = new Map<string, number>();
  for (const [index, { match }] of interfaces.entries()) {
    const key = `${match.name ?? ""} ${match.macAddress ?? ""}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else {
      const hint = `interfaces[${first}] has the same, and the first one counts`;
      refuseAt(["interfaces", index, "match"], match, "a match of its own", hint);
    }
  }
}

function refuseRepeatedNames(refuseAt: Refuse, { interfaces, vlans, bonds }: NetworkConfiguration): void {
  const seen = new Map<string, string>();
  for (const [index, { match }] of interfaces.entries()) {
    if (match.name !== undefined) seen.set(match.name, `interfaces[${index}].match`);
  }
  for (const [list, links] of [["bonds", bonds] as const, ["vlans", vlans] as const]) {
    for (const [index, { name }] of links.entries()) {
      const first = seen.get(name);
      if (first === undefined) seen.set(name, `${list}[${index}]`);
      else refuseAt([list, index, "name"], name, "a name of its own", `${first} has the same`);
    }
  }
}

/** A member has nothing but its bond: what an entry of its own said would never apply. */
function refuseMembers(refuseAt: Refuse, network: NetworkConfiguration): void {
  const taken = new Map<string, string>();
  for (const [bond, { name, members }] of network.bonds.entries()) {
    for (const [index, member] of members.entries()) {
      const keys = ["bonds", bond, "members", index];
      const of = taken.get(member);
      if (of !== undefined) refuseAt(keys, member, "an interface that is no member yet", `"${of}" has it`);
      taken.set(member, name);
      if ([...network.bonds, ...network.vlans].some((link) => link.name === member)) {
        refuseAt(keys, member, "an interface, which neither a bond nor a VLAN is");
      } else if (findInterface(network, member) !== undefined) {
        const wanted = "an interface without an entry in network.interfaces";
        refuseAt(keys, member, wanted, `addresses and all else belong to "${name}"`);
      }
    }
  }
}

function refuseParent(
  refuseAt: Refuse,
  network: NetworkConfiguration,
  vlan: VlanConfiguration,
  index: number,
): void {
  const parent = findParent(network, vlan);
  if (parent === undefined) {
    const bond = network.bonds.find(({ members }) => members.includes(vlan.on));
    const wanted = "the name of a bond or a VLAN, or the name or MAC address that an entry of interfaces has";
    const hint =
      bond === undefined
        ? `add an entry with "match": { "name": "${vlan.on}" }`
        : `it is a member of a bond: write "${bond.name}"`;
    return refuseAt(["vlans", index, "on"], vlan.on, wanted, hint);
  }
  if (isAboveItself(network, vlan)) {
    return refuseAt(["vlans", index, "on"], vlan.on, "a link that does not lie on this one");
  }
  const twin = network.vlans.findIndex((each) => each.id === vlan.id && findParent(network, each) === parent);
  if (twin < index) {
    const hint = `vlans[${twin}] is the same one`;
    refuseAt(["vlans", index, "id"], vlan.id, `another id on "${vlan.on}"`, hint);
  }
  if (vlan.mtu !== undefined && parent.mtu !== undefined && vlan.mtu > parent.mtu) {
    refuseAt(["vlans", index, "mtu"], vlan.mtu, `at most ${parent.mtu}, as "${vlan.on}" has`);
  }
}

/** The link that a VLAN lies on; undefined when the document has none. */
function findParent(network: NetworkConfiguration, { on }: VlanConfiguration) {
  return [...network.bonds, ...network.vlans].find(({ name }) => name === on) ?? findInterface(network, on);
}

function findInterface({ interfaces }: NetworkConfiguration, reference: string) {
  return interfaces.find(({ match }) => match.name === reference || match.macAddress === reference);
}

/** Each VLAN lies on one link, so a way down either ends or comes round. */
function isAboveItself({ vlans }: NetworkConfiguration, vlan: VlanConfiguration): boolean {
  let below: VlanConfiguration | undefined = vlan;
  for (let steps = 0; steps < vlans.length; steps += 1) {
    const { on }: VlanConfiguration = below;
    below = vlans.find(({ name }) => name === on);
    if (below === undefined) return false;
    if (below === vlan) return true;
  }
  return false;
}
