import { createInterface } from "node:readline/promises";
import type { CommandContext } from "./commandContext.ts";
import { UsageError } from "./usageError.ts";

/** Asks before something that has consequences. False: the person does not want it. */
export async function confirm(
  plan: string,
  { yes }: { readonly yes?: true },
  { isTerminal, stderr, signal }: Pick<CommandContext, "isTerminal" | "stderr" | "signal">,
): Promise<boolean> {
  if (yes === true) return true;
  stderr(plan);
  if (!isTerminal)
    throw new UsageError("needs-confirmation", "This needs a yes, and there is no terminal to ask on", {
      hint: "If you want what is written above, add --yes",
    });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question("Go on? [y/N] ", { signal })).trim());
  } finally {
    lines.close();
  }
}
