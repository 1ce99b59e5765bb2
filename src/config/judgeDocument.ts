import { ConfigurationError, describeConfigurationProblem } from "./configurationError.ts";
import { NO_CONFIGURATION, type MachineConfiguration } from "./machineConfiguration.ts";
import { decodeMachineConfiguration } from "./parseMachineConfiguration.ts";

/**
 * Where a machine's document can come from; the first in this order that is there counts, right or wrong: what the API put
 * in force, the image, the credential `socle.config`, a drive.
 */
export type ConfigurationSource = "generation" | "image" | "credential" | "drive";

export interface FoundDocument {
  readonly source: ConfigurationSource;
  /** Of a generation. */
  readonly generation?: number;
  /** It may be taken back yet. */
  readonly isOnTrial?: true;
  /** Its text, or why it could not be read. */
  readonly content: { readonly text: string } | { readonly unreadable: string };
}

/** What the machine made of its document; kept in /run/socle/configuration.json. */
export type ConfigurationOutcome =
  | { readonly state: "none"; readonly source: null; readonly generation: 0; readonly problems: readonly [] }
  | {
      readonly state: "applied" | "refused";
      readonly source: ConfigurationSource;
      /** 0 when it is of another source. */
      readonly generation: number;
      readonly problems: readonly string[];
    };

export interface JudgedDocument {
  readonly configuration: MachineConfiguration;
  readonly outcome: ConfigurationOutcome;
}

/** A document that is refused is none, not even in its valid parts. */
export function judgeDocument(document: FoundDocument | undefined): JudgedDocument {
  if (document === undefined) {
    return {
      configuration: NO_CONFIGURATION,
      outcome: { state: "none", source: null, generation: 0, problems: [] },
    };
  }
  const { source, generation = 0, content } = document;
  const toRefused = (problems: readonly string[]) => ({
    configuration: NO_CONFIGURATION,
    outcome: { state: "refused", source, generation, problems } as const,
  });
  if ("unreadable" in content) return toRefused([`the document cannot be read: ${content.unreadable}`]);
  try {
    const configuration = decodeMachineConfiguration(content.text);
    return { configuration, outcome: { state: "applied", source, generation, problems: [] } };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return toRefused(error.problems.map(describeConfigurationProblem));
  }
}
