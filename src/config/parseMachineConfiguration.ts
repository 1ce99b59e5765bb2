import { toProblem, type Problem } from "#definition/problem.ts";
import { TEXT_RULES } from "#definition/textRules.ts";

import { ConfigurationError } from "./configurationError.ts";
import { exactly, listOf, readFields, readText, type FieldReaders, type Place } from "./documentReader.ts";
import type { HostName, InterfaceConfiguration, MachineConfiguration } from "./machineConfiguration.ts";
import { readInterface, refuseRepeatedMatches } from "./readInterface.ts";
import { readUpdate } from "./readUpdate.ts";
import type { UpdateConfiguration } from "./updateConfiguration.ts";

/** The document as it is written and stored; programs work with MachineConfiguration. */
interface MachineDocument {
  readonly apiVersion: "socle/v1";
  readonly kind: "MachineConfiguration";
  readonly hostname?: HostName;
  readonly network?: NetworkDocument;
  readonly update?: UpdateConfiguration;
}

interface NetworkDocument {
  readonly interfaces: readonly InterfaceConfiguration[];
}

const DOCUMENT_FIELDS: FieldReaders<MachineDocument> = {
  apiVersion: exactly("socle/v1"),
  kind: exactly("MachineConfiguration"),
  hostname: readText<HostName>(TEXT_RULES.hostname),
  network: readNetwork,
  update: readUpdate,
};

/** As many as the two digits in the names of the rendered files can order. */
const MOST_INTERFACES = 100;

const NETWORK_FIELDS: FieldReaders<NetworkDocument> = {
  interfaces: listOf("interfaces", MOST_INTERFACES, readInterface),
};

function readNetwork(place: Place): NetworkDocument | undefined {
  const { interfaces } = readFields(place, NETWORK_FIELDS, ["interfaces"]) ?? {};
  if (interfaces === undefined) return undefined;
  refuseRepeatedMatches({ ...place, keys: [...place.keys, "interfaces"] }, interfaces);
  return { interfaces };
}

/** @throws {ConfigurationError} with all problems at once. */
export function parseMachineConfiguration(input: unknown): MachineConfiguration {
  const problems: Problem[] = [];
  const document = readFields({ keys: [], value: input, problems }, DOCUMENT_FIELDS, ["apiVersion", "kind"]);
  if (document === undefined || problems.length > 0) throw new ConfigurationError(problems);
  const { hostname, network, update } = document;
  return {
    ...(hostname === undefined ? {} : { hostname }),
    interfaces: network?.interfaces ?? [],
    ...(update === undefined ? {} : { update }),
  };
}

/** From the text of a document, which is JSON. @throws {ConfigurationError} */
export function decodeMachineConfiguration(text: string): MachineConfiguration {
  return parseMachineConfiguration(parseJson(text));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Only the place: V8 quotes the text around it, over several lines.
    const place = /line \d+ column \d+/.exec(error instanceof Error ? error.message : "")?.[0];
    const hint =
      text.trim() === "" ? "it is empty" : place === undefined ? undefined : `reading stopped at ${place}`;
    throw new ConfigurationError([toProblem([], text, "JSON", hint)]);
  }
}
