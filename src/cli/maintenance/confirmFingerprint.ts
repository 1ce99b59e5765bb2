import { parseFingerprint } from "#trust/fingerprint.ts";

import type { CommandContext } from "../commandContext.ts";
import { confirm } from "../confirm.ts";
import { readFingerprint } from "../readFingerprint.ts";
import { UsageError } from "../usageError.ts";
import type { WaitingMachine } from "./callMaintenance.ts";

const CONNECT_TIMEOUT_MS = 15_000;

/**
 * The fingerprint that was given, or the one that the machine shows, if a person says that its console shows the same.
 * A yes that was given before nobody saw it is none. Undefined: the person does not trust what answers there.
 */
export async function confirmFingerprint(
  {
    host,
    port,
    fingerprint,
  }: Omit<WaitingMachine, "fingerprint"> & { readonly fingerprint?: string | undefined },
  context: Pick<CommandContext, "isTerminal" | "stderr" | "signal">,
): Promise<string | undefined> {
  if (fingerprint !== undefined) return parseFingerprint(fingerprint);
  const found = await readFingerprint(
    { host, port },
    AbortSignal.any([context.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]),
  );
  if (!context.isTerminal)
    throw new UsageError(
      "needs-confirmation",
      `The machine at ${host}:${port} shows ${found}: whether it is the one that you mean, only its console tells`,
      { hint: `If its console shows the same, add --fingerprint ${found}` },
    );
  const question = [
    `The machine at ${host}:${port} shows`,
    `  ${found}`,
    "Its console shows its own. Only if they are the same it is the machine that you mean.",
    "",
  ].join("\n");
  return (await confirm(question, {}, context)) ? found : undefined;
}
