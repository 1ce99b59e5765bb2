import type { ConfigurationOutcome } from "#config/judgeDocument.ts";

/** What the machine made of its document. Replaced as a whole each time a document is put in force, so it can be watched. */
export const CONFIGURATION_OUTCOME_PATH = "/run/socle/configuration.json";

/** Undefined when nothing was written there in this boot. @param text of the file, undefined for none */
export function parseConfigurationOutcome(text: string | undefined): ConfigurationOutcome | undefined {
  // Written by configureEtc.ts alone, as a whole, into a folder that is root's.
  return text === undefined ? undefined : (JSON.parse(text) as ConfigurationOutcome);
}
