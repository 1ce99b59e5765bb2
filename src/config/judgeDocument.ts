import { ConfigurationError, describeConfigurationProblem } from "./configurationError.ts";
import { NO_CONFIGURATION, type MachineConfiguration } from "./machineConfiguration.ts";
import { decodeMachineConfiguration } from "./parseMachineConfiguration.ts";

/** Where a machine's document can come from; the first in this order that is there counts, right or wrong. */
export type ConfigurationSource = "credential" | "file";

export interface FoundDocument {
  readonly source: ConfigurationSource;
  /** Its text, or why it could not be read. */
  readonly content: { readonly text: string } | { readonly unreadable: string };
}

/** What a boot made of the document; kept in /run/socle/configuration.json for the agent's status. */
export type ConfigurationOutcome =
  | { readonly state: "none"; readonly source: null; readonly problems: readonly [] }
  | { readonly state: "applied"; readonly source: ConfigurationSource; readonly problems: readonly [] }
  | { readonly state: "refused"; readonly source: ConfigurationSource; readonly problems: readonly string[] };

export interface JudgedDocument {
  readonly configuration: MachineConfiguration;
  readonly outcome: ConfigurationOutcome;
}

/** A document that is refused is none, not even in its valid parts. */
export function judgeDocument(document: FoundDocument | undefined): JudgedDocument {
  if (document === undefined) {
    return { configuration: NO_CONFIGURATION, outcome: { state: "none", source: null, problems: [] } };
  }
  const { source, content } = document;
  const toRefused = (problems: readonly string[]) => ({
    configuration: NO_CONFIGURATION,
    outcome: { state: "refused", source, problems } as const,
  });
  if ("unreadable" in content) return toRefused([`the document cannot be read: ${content.unreadable}`]);
  try {
    const configuration = decodeMachineConfiguration(content.text);
    return { configuration, outcome: { state: "applied", source, problems: [] } };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return toRefused(error.problems.map(describeConfigurationProblem));
  }
}
