import type { DebugPolicy } from "#definition/debugPolicy.ts";
import type { DebugStart } from "#protocol/gen/socle/v1/debug_pb.ts";

/** One line that no terminal obeys; it ends in the journal, in the status and on the ESP. */
const REASON = /^(?=.*\S)[^\p{Cc}\u2028\u2029]{1,200}$/u;
const MOST_WORDS = 256;
/** Of all words together; the kernel takes a word of 128 KiB. */
const MOST_COMMAND_BYTES = 32 * 1024;
const MOST_CHARACTERS = 1000;

type Start = Pick<DebugStart, "reason" | "seconds" | "size" | "command">;

/** What is wrong with what is asked for, a sentence each. The agent asks first, the session itself again. */
export function findStartProblems(
  start: Start,
  { longestSeconds }: Pick<DebugPolicy, "longestSeconds">,
): string[] {
  const { reason, seconds, size, command } = start;
  const problems: string[] = [];
  if (!REASON.test(reason)) problems.push("reason: wanted one line of text, at most 200 characters");
  if (seconds < 1 || seconds > longestSeconds)
    problems.push(`seconds: wanted 1 to ${longestSeconds}, which is what the image of this machine allows`);
  if (size !== undefined && !isSize(size)) problems.push(`size: wanted 1 to ${MOST_CHARACTERS} each way`);
  if (size === undefined && command.length === 0)
    problems.push("command: without a terminal there must be one");
  if (command.length > MOST_WORDS) problems.push(`command: at most ${MOST_WORDS} words`);
  if (Buffer.byteLength(command.join(" ")) > MOST_COMMAND_BYTES)
    problems.push(`command: at most ${MOST_COMMAND_BYTES} bytes`);
  if (command.some((word) => word.includes("\0"))) problems.push("command: no word has a NUL in it");
  return problems;
}

export function isSize({ columns, rows }: { readonly columns: number; readonly rows: number }): boolean {
  return [columns, rows].every((count) => Number.isInteger(count) && count >= 1 && count <= MOST_CHARACTERS);
}
