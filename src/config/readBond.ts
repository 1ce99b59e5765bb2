import {
  inside,
  listOf,
  oneOf,
  readFields,
  readText,
  refuse,
  type FieldReaders,
  type Place,
} from "./documentReader.ts";
import {
  BOND_MODES,
  HASH_POLICIES,
  LACP_RATES,
  type BondConfiguration,
  type BondMode,
  type HashPolicy,
  type LacpRate,
  type LinkName,
  type LinkReference,
} from "./networkConfiguration.ts";
import { NETWORK_TEXT_RULES } from "./networkTexts.ts";
import { LINK_FIELDS, toLink, type LinkDocument } from "./readLink.ts";
import { readLinkReference } from "./readVlan.ts";

interface BondDocument extends LinkDocument {
  readonly name: LinkName;
  readonly members: readonly LinkReference[];
  readonly mode?: BondMode;
  readonly lacpRate?: LacpRate;
  readonly hashPolicy?: HashPolicy;
}

const BOND_FIELDS: FieldReaders<BondDocument> = {
  name: readText<LinkName>(NETWORK_TEXT_RULES.linkName),
  members: listOf("names or MAC addresses of interfaces", 16, readLinkReference),
  mode: oneOf<BondMode>(BOND_MODES),
  lacpRate: oneOf<LacpRate>(LACP_RATES),
  hashPolicy: oneOf<HashPolicy>(HASH_POLICIES),
  ...LINK_FIELDS,
};

/** systemd.netdev(5): the modes that a setting means something in. */
const MODES_WITH_HASH: readonly BondMode[] = ["balance-xor", "802.3ad", "balance-tlb"];

/** Without a mode one member carries everything, which needs nothing of the switch. */
export function readBond(place: Place): BondConfiguration | undefined {
  const document = readFields(place, BOND_FIELDS, ["name", "members"]);
  if (document === undefined) return undefined;
  const { name, members, mode = "active-backup", lacpRate, hashPolicy } = document;
  if (lacpRate !== undefined && mode !== "802.3ad") {
    refuse(inside(place, "lacpRate", lacpRate), 'no such key, or the mode "802.3ad"');
  }
  if (hashPolicy !== undefined && !MODES_WITH_HASH.includes(mode)) {
    const modes = MODES_WITH_HASH.map((each) => `"${each}"`).join(", ");
    refuse(inside(place, "hashPolicy", hashPolicy), `no such key, or one of the modes ${modes}`);
  }
  const link = toLink(place, document);
  if (name === undefined || members === undefined) return undefined;
  return {
    name,
    members,
    mode,
    ...(lacpRate === undefined ? {} : { lacpRate }),
    ...(hashPolicy === undefined ? {} : { hashPolicy }),
    ...link,
  };
}
