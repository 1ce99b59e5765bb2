import { ConfigurationError } from "#config/configurationError.ts";
import { planApply, type ApplyChanges, type ApplyPlan } from "#config/planApply.ts";

import { findDocument, findOrigin } from "../findDocument.ts";
import type { Log } from "../log.ts";
import type { ConfigurationMachine } from "./configurationMachine.ts";
import type { ConfigurationStore } from "./configurationStore.ts";
import { textOf } from "./putInForce.ts";
import { readImageFacts } from "./readImageFacts.ts";
import { toDocumentText } from "./toDocumentText.ts";

/** What is to be put in force: a document, or the one of a generation; 0: what the machine starts with. */
export type ConfigurationAim = { readonly document: string } | { readonly generation: number };

/** In JSON; empty for what the machine starts with. @throws {ConfigurationError} when it is neither JSON nor YAML */
export async function readAim(aim: ConfigurationAim, store: ConfigurationStore): Promise<string> {
  if ("document" in aim) return toDocumentText(aim.document);
  return aim.generation === 0 ? "" : (await store.get(aim.generation)).document;
}

/** What it would change. */
export async function planAim(
  aim: ConfigurationAim,
  { machine, store, log }: { machine: ConfigurationMachine; store: ConfigurationStore; log: Log },
): Promise<ApplyPlan> {
  const [found, facts] = await Promise.all([findDocument(machine, log), readImageFacts(machine)]);
  const plan = (next: string | undefined) => planApply(textOf(found), next, facts);
  try {
    const document = await readAim(aim, store);
    if (document !== "") return plan(document);
    // What the machine starts with need not be right: then it is as its image says.
    const origin = plan(textOf(await findOrigin(machine)));
    return origin.kind === "changes" ? origin : plan(undefined);
  } catch (error) {
    if (error instanceof ConfigurationError) return { kind: "refused", problems: error.problems };
    throw error;
  }
}

/** A sentence for people. */
export function describePlan({ keys, files, rebootFor, goneAfterReboot }: ApplyChanges): string {
  const count = (many: number, what: string) => `${many} ${what}${many === 1 ? "" : "s"}`;
  const later = rebootFor.length === 0 ? "" : "; not all of it before a restart of the machine";
  const gone = goneAfterReboot ? "; gone after a restart of the machine" : "";
  return `the document is right: ${count(keys.length, "key")} and ${count(files.length, "file")} change${later}${gone}`;
}
