import { diffDocuments } from "#config/diffDocuments.ts";

import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { renderKeyChanges } from "./keyChanges.ts";
import { readConfiguration, readGeneration, type ConfigurationDocument } from "./showConfiguration.ts";

/**
 * `socle config diff`: two documents, key by key.
 * @param to undefined: what is in force
 * @returns as diff(1): 0 the same, 1 they differ
 */
export async function compareGenerations(
  machine: NamedMachine,
  from: number,
  to: number | undefined,
  { output, stdout, signal }: Pick<CommandContext, "output" | "stdout" | "signal">,
): Promise<ExitCode> {
  const [before, after] = await Promise.all([
    readGeneration(machine, from, signal),
    to === undefined ? readPresent(machine, signal) : readGeneration(machine, to, signal),
  ]);
  const keys = diffDocuments(before.configuration ?? {}, after.configuration ?? {}).map((change) => ({
    path: change.path,
    from: change.from ?? null,
    to: change.to ?? null,
  }));
  const differ = keys.length > 0 || differInSecret(before, after);
  const document = {
    apiVersion: "socle/v1",
    kind: "ConfigurationDiff",
    machine: machine.name,
    from,
    to: after.generation,
    differ,
    keys,
  };
  const render = () => {
    if (keys.length > 0)
      return renderKeyChanges(keys)
        .map((line) => `${line}\n`)
        .join("");
    return differ ? "They differ in secrets, or in how they are written\n" : "They are the same\n";
  };
  stdout(await renderResult(document, output, render));
  return differ ? EXIT_CODE.differs : EXIT_CODE.ok;
}

/** With its digest, where it is a generation. */
async function readPresent(machine: NamedMachine, signal: AbortSignal): Promise<ConfigurationDocument> {
  const present = await readConfiguration(machine, signal);
  return present.generation === 0 ? present : readGeneration(machine, present.generation, signal);
}

/** Secrets are shown as the same text; the digests are of the documents as they are. */
function differInSecret({ record: a }: ConfigurationDocument, { record: b }: ConfigurationDocument): boolean {
  return a !== null && b !== null && a.digest !== b.digest;
}
