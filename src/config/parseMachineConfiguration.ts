import { toProblem, type Problem } from "#definition/problem.ts";
import { TEXT_RULES } from "#definition/textRules.ts";

import type { AccessConfiguration, CertificatePem } from "./accessConfiguration.ts";
import { ConfigurationError } from "./configurationError.ts";
import {
  exactly,
  listOf,
  readFields,
  readText,
  refuse,
  type FieldReaders,
  type Place,
} from "./documentReader.ts";
import {
  NO_CONFIGURATION,
  type HostName,
  type LogConfiguration,
  type MachineConfiguration,
  type Sysctl,
  type TimeConfiguration,
} from "./machineConfiguration.ts";
import { CURRENT_FORM, migrateDocument } from "./migrations.ts";
import type { NetworkConfiguration } from "./networkConfiguration.ts";
import { readAccess } from "./readAccess.ts";
import { readLogs } from "./readLogs.ts";
import { readNetwork } from "./readNetwork.ts";
import { readAuthority } from "./readPem.ts";
import { readFolders, readMounts, refuseStorage } from "./readStorage.ts";
import { readSysctls } from "./readSysctls.ts";
import { readTime } from "./readTime.ts";
import { readUpdate } from "./readUpdate.ts";
import type { FolderConfiguration, MountConfiguration } from "./storageConfiguration.ts";
import type { UpdateConfiguration } from "./updateConfiguration.ts";

/** The document as it is written and stored; programs work with MachineConfiguration. */
interface MachineDocument {
  readonly apiVersion: typeof CURRENT_FORM;
  readonly kind: "MachineConfiguration";
  readonly hostname?: HostName;
  readonly network?: NetworkConfiguration;
  readonly time?: TimeConfiguration;
  readonly trust?: TrustDocument;
  readonly access?: AccessConfiguration;
  readonly update?: UpdateConfiguration;
  readonly sysctls?: readonly Sysctl[];
  readonly mounts?: readonly MountConfiguration[];
  readonly folders?: readonly FolderConfiguration[];
  readonly logs?: LogConfiguration;
  readonly applications?: never;
}

interface TrustDocument {
  readonly authorities: readonly CertificatePem[];
}

const TRUST_FIELDS: FieldReaders<TrustDocument> = {
  authorities: listOf("certificates of authorities", 100, readAuthority),
};

const DOCUMENT_FIELDS: FieldReaders<MachineDocument> = {
  apiVersion: readForm,
  kind: exactly("MachineConfiguration"),
  hostname: readText<HostName>(TEXT_RULES.hostname),
  network: readNetwork,
  time: readTime,
  trust: readTrust,
  access: readAccess,
  update: readUpdate,
  sysctls: readSysctls,
  mounts: readMounts,
  folders: readFolders,
  logs: readLogs,
  applications: (place) =>
    refuse(place, "no such key yet", "it is kept for the applications of a later version of Socle"),
};

function readForm(place: Place): typeof CURRENT_FORM | undefined {
  if (place.value === CURRENT_FORM) return CURRENT_FORM;
  const isForm = typeof place.value === "string" && /^socle\/v\d/.test(place.value);
  return refuse(
    place,
    `"${CURRENT_FORM}"`,
    isForm ? "a newer version of the system writes that form" : undefined,
  );
}

function readTrust(place: Place): TrustDocument | undefined {
  const { authorities } = readFields(place, TRUST_FIELDS, ["authorities"]) ?? {};
  return authorities === undefined ? undefined : { authorities };
}

/** A document of an earlier form is migrated first. @throws {ConfigurationError} with all problems at once. */
export function parseMachineConfiguration(input: unknown): MachineConfiguration {
  const problems: Problem[] = [];
  const place: Place = { keys: [], value: migrateDocument(input).document, problems };
  const document = readFields(place, DOCUMENT_FIELDS, ["apiVersion", "kind"]);
  if (document === undefined) throw new ConfigurationError(problems);
  const { trust, hostname, network, time, access, update, sysctls, mounts, folders, logs } = document;
  // Folders may lie on what is mounted: a mount that is wrong would make them look wrong, too.
  if (problems.every(({ keys }) => keys[0] !== "mounts")) refuseStorage(place, mounts ?? [], folders ?? []);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return {
    ...NO_CONFIGURATION,
    ...(hostname === undefined ? {} : { hostname }),
    ...(network === undefined ? {} : { network }),
    ...(time === undefined ? {} : { time }),
    ...(trust === undefined ? {} : { authorities: trust.authorities }),
    ...(access === undefined ? {} : { access }),
    ...(update === undefined ? {} : { update }),
    ...(sysctls === undefined ? {} : { sysctls }),
    ...(mounts === undefined ? {} : { mounts }),
    ...(folders === undefined ? {} : { folders }),
    ...(logs === undefined ? {} : { logs }),
  };
}

/** From the text of a document, which is JSON. @throws {ConfigurationError} */
export function decodeMachineConfiguration(text: string): MachineConfiguration {
  return parseMachineConfiguration(decodeDocument(text));
}

/** What the text holds, whatever that is. @throws {ConfigurationError} when it is not JSON */
export function decodeDocument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Only the place: V8 quotes the text around it, over several lines.
    const place = /line \d+ column \d+/.exec(error instanceof Error ? error.message : "")?.[0];
    const hint =
      text.trim() === "" ? "it is empty" : place === undefined ? undefined : `reading stopped at ${place}`;
    throw new ConfigurationError([toProblem([], "…", "JSON", hint)]);
  }
}
