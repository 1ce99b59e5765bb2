import type { Position } from "./position.ts";

/** The line at a position, the one before it, and a caret under what stands there. */
export function toExcerpt(text: string, { line, column }: Position, remark = ""): string[] {
  const lines = text.split("\n");
  const numberWidth = String(line).length + 2;
  const show = (number: number) => `    ${String(number).padStart(numberWidth)} | ${lines[number - 1] ?? ""}`;
  const before = line > 1 && (lines[line - 2] ?? "").trim() !== "" ? [show(line - 1)] : [];
  // Tabs stay tabs, so that the caret stands right whatever their width.
  const indent = (lines[line - 1] ?? "").slice(0, column - 1).replace(/[^\t]/g, " ");
  const carets = "^".repeat(wordLength((lines[line - 1] ?? "").slice(column - 1)));
  return [...before, show(line), `    ${" ".repeat(numberWidth)} | ${indent}${carets} ${remark}`.trimEnd()];
}

/** The quoted text or the word at the start of `rest`. */
function wordLength(rest: string): number {
  return /^(?:"[^"]*"|'[^']*'|`[^`]*`|[^\s,:}\])]+)/.exec(rest)?.[0].length ?? 1;
}
