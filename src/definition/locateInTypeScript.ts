import { toPosition } from "./position.ts";
import type { Locate } from "./position.ts";

/**
 * Finds where a key is written in a definition in TypeScript, by reading the object literal behind
 * `defineSystem(`, `extendSystem(…,` or `export default`. Only what is spelled out there can be found:
 * at a variable, a call, a spread or anything else that would need a real parser it gives up, since no
 * position is better than a wrong one. Not here: divisions, templates in templates, JSX, decorators.
 */
export function locateInTypeScript(text: string): Locate {
  const tokens = toTokens(text);
  const start = tokens === undefined ? undefined : findLiteral(tokens);
  return (keys, part) => {
    if (tokens === undefined || start === undefined || keys.length === 0) return undefined;
    const offset = findOffset(tokens, start, keys, part);
    return offset === undefined ? undefined : toPosition(text, offset);
  };
}

interface Token {
  readonly text: string;
  readonly offset: number;
}

const TOKEN =
  /(\s+|\/\/[^\n]*|\/\*[^]*?\*\/)|"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|`(?:[^`\\$]|\\[^]|\$(?!\{)|\$\{[^`"'{}/]*\})*`|[\w$.]+|[^"'`/]/y;
const REGULAR_EXPRESSION = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** After these a `/` divides nothing. */
const BEFORE_A_VALUE = "([{,;:=!&|?>";

/** The words and signs of the text, or nothing when one of them is beyond this reader. */
function toTokens(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const reader = new RegExp(TOKEN);
  while (reader.lastIndex < text.length) {
    const offset = reader.lastIndex;
    const match = reader.exec(text) ?? readRegularExpression(text, offset, tokens.at(-1));
    if (match === null) return undefined;
    reader.lastIndex = offset + match[0].length;
    if (match[1] === undefined) tokens.push({ text: match[0], offset });
  }
  return tokens;
}

function readRegularExpression(text: string, offset: number, before: Token | undefined) {
  if (before === undefined || !BEFORE_A_VALUE.includes(before.text)) return null;
  const reader = new RegExp(REGULAR_EXPRESSION);
  reader.lastIndex = offset;
  return reader.exec(text);
}

/** The index of the `{` of the definition's object literal; nothing when there is not exactly one. */
function findLiteral(tokens: readonly Token[]): number | undefined {
  const found = new Set<number>();
  for (const [index, { text }] of tokens.entries()) {
    const after = (distance: number) => tokens[index + distance]?.text;
    if (text === "defineSystem" && after(1) === "(" && after(2) === "{") found.add(index + 2);
    if (text === "extendSystem" && after(1) === "(" && after(3) === "," && after(4) === "{")
      found.add(index + 4);
    if (text === "default" && after(1) === "{" && tokens[index - 1]?.text === "export") found.add(index + 1);
  }
  const [only] = found;
  return found.size === 1 ? only : undefined;
}

function findOffset(
  tokens: readonly Token[],
  start: number,
  keys: readonly (string | number)[],
  part: "key" | "value",
): number | undefined {
  let at = start;
  for (const [depth, key] of keys.entries()) {
    const entry = toEntries(tokens, at)?.filter((candidate) => candidate.key === key);
    const found = entry?.length === 1 ? entry[0] : undefined;
    if (found === undefined) return undefined;
    if (depth === keys.length - 1) return tokens[part === "key" ? found.keyAt : found.valueAt]?.offset;
    at = found.valueAt;
  }
  return undefined;
}

interface Entry {
  readonly key: string | number;
  readonly keyAt: number;
  readonly valueAt: number;
}

/** The entries of the object or list literal that opens at `start`; nothing for any other expression. */
function toEntries(tokens: readonly Token[], start: number): Entry[] | undefined {
  const isList = tokens[start]?.text === "[";
  if (!isList && tokens[start]?.text !== "{") return undefined;
  const entries: Entry[] = [];
  let depth = 0;
  for (let at = start; at < tokens.length; at += 1) {
    const text = tokens[at]?.text ?? "";
    if ("{[(".includes(text)) depth += 1;
    if ("}])".includes(text)) depth -= 1;
    if (depth === 0) return entries;
    const opensEntry =
      depth === 1 && (text === "," || at === start) && !"]}".includes(tokens[at + 1]?.text ?? "");
    if (!opensEntry) continue;
    const entry = isList ? toItem(tokens, at + 1, entries.length) : toProperty(tokens, at + 1);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return undefined;
}

function toItem(tokens: readonly Token[], at: number, index: number): Entry | undefined {
  return tokens[at]?.text.startsWith("...") ? undefined : { key: index, keyAt: at, valueAt: at };
}

/** `key: value` or `key`; a spread or a computed key could name any key. */
function toProperty(tokens: readonly Token[], at: number): Entry | undefined {
  const text = tokens[at]?.text ?? "";
  const key = /^["']/.test(text) ? toPlainString(text) : /^[A-Za-z_$][\w$]*$/.test(text) ? text : undefined;
  if (key === undefined) return undefined;
  if (tokens[at + 1]?.text === ":") return { key, keyAt: at, valueAt: at + 2 };
  return ",}".includes(tokens[at + 1]?.text ?? "") ? { key, keyAt: at, valueAt: at } : undefined;
}

function toPlainString(literal: string): string | undefined {
  return literal.includes("\\") ? undefined : literal.slice(1, -1);
}
