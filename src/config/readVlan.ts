import {
  readFields,
  readText,
  refuse,
  wholeNumber,
  type FieldReaders,
  type Place,
} from "./documentReader.ts";
import type { LinkName, LinkReference, VlanConfiguration } from "./networkConfiguration.ts";
import { NETWORK_TEXT_RULES } from "./networkTexts.ts";
import { LINK_FIELDS, toLink, type LinkDocument } from "./readLink.ts";

interface VlanDocument extends LinkDocument {
  readonly name: LinkName;
  readonly id: number;
  readonly on: LinkReference;
}

const VLAN_FIELDS: FieldReaders<VlanDocument> = {
  name: readText<LinkName>(NETWORK_TEXT_RULES.linkName),
  id: wholeNumber(1, 4094),
  on: readLinkReference,
  ...LINK_FIELDS,
};

export function readVlan(place: Place): VlanConfiguration | undefined {
  const document = readFields(place, VLAN_FIELDS, ["name", "id", "on"]);
  if (document === undefined) return undefined;
  const link = toLink(place, document);
  const { name, id, on } = document;
  return name === undefined || id === undefined || on === undefined ? undefined : { name, id, on, ...link };
}

/** One link: its name, or its MAC address. */
export function readLinkReference(place: Place): LinkReference | undefined {
  const { value } = place;
  if (typeof value === "string") {
    if (NETWORK_TEXT_RULES.macAddress.pattern.test(value)) return value.toLowerCase() as LinkReference;
    if (NETWORK_TEXT_RULES.linkName.pattern.test(value)) return value as LinkReference;
  }
  const isPattern = typeof value === "string" && /[*?[\]]/.test(value);
  return refuse(
    place,
    'the name or the MAC address of a link, such as "enp1s0", "bond0" or "52:54:00:12:34:56"',
    isPattern ? "a pattern may mean several" : undefined,
  );
}
