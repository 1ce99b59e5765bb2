import type { ConfigurationOutcome, FoundDocument } from "#config/judgeDocument.ts";
import { planApply } from "#config/planApply.ts";
import { FOLDERS_UNIT } from "#config/renderStorage.ts";
import { JOURNAL_UPLOAD_UNIT } from "#config/unitsOfFiles.ts";

import { findDocument } from "../findDocument.ts";
import type { Log } from "../log.ts";
import type { ConfigurationMachine } from "./configurationMachine.ts";
import { CONFIGURATION_OUTCOME_PATH, parseConfigurationOutcome } from "./configurationOutcome.ts";
import { readImageFacts } from "./readImageFacts.ts";

/**
 * Has the machine follow the document that counts now, from one that it followed before; both ways, there and back. Of
 * units, one that does not do what it should is told: whether that matters, the health contract says.
 * @param before text of the document that the machine followed; undefined for none
 * @throws when the machine does not take the document that counts
 */
export async function putInForce(
  machine: ConfigurationMachine,
  before: string | undefined,
  log: Log,
): Promise<readonly string[]> {
  await machine.reloadConfiguration();
  const found = await findDocument(machine, log);
  const outcome = await readOutcome(machine);
  if (!isOutcomeOf(outcome, found))
    throw new Error(`the machine follows ${describe(outcome)} in place of ${describe(found)}`);
  const facts = await readImageFacts(machine);
  const plan = planApply(before, textOf(found), facts);
  // A document of another source may be refused; the machine is then as its image says.
  const changes = plan.kind === "changes" ? plan : planApply(before, undefined, facts);
  if (changes.kind !== "changes") return [];
  const attempt = async (what: string, act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      log("warning", `${what}: not done`, { error });
    }
  };
  if (changes.reloadsUnits) await attempt("reading the units again", () => machine.reloadUnits());
  for (const { kind, unit } of changes.units) {
    // These have nothing to do, and do not run, before the document says what.
    const mayStart = unit === JOURNAL_UPLOAD_UNIT || unit === FOLDERS_UNIT;
    await attempt(`${kind} of ${unit}`, () => machine.changeUnit(kind, unit, mayStart));
  }
  return changes.rebootFor;
}

export async function readOutcome(
  machine: Pick<ConfigurationMachine, "readText">,
): Promise<ConfigurationOutcome | undefined> {
  return parseConfigurationOutcome(await machine.readText(CONFIGURATION_OUTCOME_PATH));
}

/** Whether the machine follows what counts. */
export function isOutcomeOf(
  outcome: ConfigurationOutcome | undefined,
  found: FoundDocument | undefined,
): boolean {
  if (outcome === undefined) return false;
  return outcome.source === (found?.source ?? null) && outcome.generation === (found?.generation ?? 0);
}

export function textOf(found: FoundDocument | undefined): string | undefined {
  return found !== undefined && "text" in found.content ? found.content.text : undefined;
}

function describe(
  from: { readonly source: string | null; readonly generation?: number } | undefined,
): string {
  if (from === undefined || from.source === null) return "no configuration";
  return from.source === "generation" ? `generation ${from.generation}` : `that of its ${from.source}`;
}
