import { UsageError } from "../usageError.ts";

/**
 * Which of the words names the machine: the parser gives all that are no options, and does not say where the `--` was. What
 * follows it is the end of the command line, word for word.
 */
export function splitWords(
  operands: readonly string[],
  commandLine: readonly string[],
): { readonly machine: string | undefined; readonly command: readonly string[] } {
  const at = commandLine.indexOf("--");
  const command = at < 0 ? [] : commandLine.slice(at + 1);
  const [machine, ...rest] = operands.slice(0, operands.length - command.length);
  if (rest.length > 0)
    throw new UsageError("command-unclear", `Is "${rest.join(" ")}" what is to be run on the machine?`, {
      hint: `Write -- before it: socle debug ${machine} --reason "…" -- ${rest.join(" ")}`,
    });
  return { machine, command };
}
