import { readFields, readText, refuse, type FieldReaders, type Place } from "./documentReader.ts";
import type {
  InterfaceConfiguration,
  InterfaceGlob,
  InterfaceMatch,
  MacAddress,
} from "./networkConfiguration.ts";
import { NETWORK_TEXT_RULES } from "./networkTexts.ts";
import { LINK_FIELDS, toLink, type LinkDocument } from "./readLink.ts";

interface InterfaceDocument extends LinkDocument {
  readonly match: InterfaceMatch;
}

const MATCH_FIELDS: FieldReaders<InterfaceMatch> = {
  name: readText<InterfaceGlob>(NETWORK_TEXT_RULES.interfacePattern),
  // Lower case is still such an address.
  macAddress: (place) =>
    readText<MacAddress>(NETWORK_TEXT_RULES.macAddress)(place)?.toLowerCase() as MacAddress | undefined,
};

const INTERFACE_FIELDS: FieldReaders<InterfaceDocument> = { match: readMatch, ...LINK_FIELDS };

export function readInterface(place: Place): InterfaceConfiguration | undefined {
  const document = readFields(place, INTERFACE_FIELDS, ["match"]);
  if (document === undefined) return undefined;
  const link = toLink(place, document);
  return document.match === undefined ? undefined : { match: document.match, ...link };
}

function readMatch(place: Place): InterfaceMatch | undefined {
  const before = place.problems.length;
  const match = readFields(place, MATCH_FIELDS, []);
  if (match === undefined || place.problems.length > before) return undefined;
  if (match.name !== undefined || match.macAddress !== undefined) return match;
  return refuse(place, "a name, a macAddress or both", 'write "name": "en*" for every wired interface');
}
