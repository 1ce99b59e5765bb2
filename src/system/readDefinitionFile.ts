import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { locateInTypeScript } from "#definition/locateInTypeScript.ts";
import type { Locate, Position } from "#definition/position.ts";
import { readYamlText } from "#definition/readYamlText.ts";
import { toExcerpt } from "#definition/toExcerpt.ts";
import { LoadDefinitionError } from "./loadDefinitionError.ts";

export interface DefinitionText {
  readonly file: string;
  readonly text: string;
  /** As written: nothing is checked yet. */
  readonly value: unknown;
  readonly locate: Locate;
}

/** One file of a definition, by its extension: .ts, .mts, .js and .mjs are run, .yaml, .yml and .json are data. */
export async function readDefinitionFile(file: string): Promise<DefinitionText> {
  const extension = extname(file);
  if (isModule(file)) return runModule(file);
  if (/^\.(?:ya?ml|json)$/.test(extension)) return readData(file);
  throw new LoadDefinitionError(
    "definition-wrong-extension",
    `Cannot load the definition "${file}": its name ends in "${extension}", wanted .ts, .js, .yaml, .yml or .json`,
  );
}

/** A file that is run, and can hold functions. */
export function isModule(file: string): boolean {
  return /^\.m?[jt]s$/.test(extname(file));
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new LoadDefinitionError(
      isMissing ? "definition-not-found" : "definition-not-readable",
      `Cannot load the definition "${file}": ${isMissing ? "there is no such file" : messageOf(error)}`,
      isMissing ? { hint: "start one: socle init DIR" } : { cause: error },
    );
  }
}

async function readData(file: string): Promise<DefinitionText> {
  const text = await readText(file);
  const { value, locate, syntaxErrors } = readYamlText(text);
  if (syntaxErrors.length === 0) return { file, text, value, locate };
  const places = syntaxErrors.flatMap(({ message, position }) => [
    `  ${file}:${position.line}:${position.column}   ${message}`,
    ...toExcerpt(text, position),
  ]);
  const format = extname(file) === ".json" ? "JSON" : "YAML";
  throw new LoadDefinitionError(
    "definition-not-readable",
    [`Cannot load the definition "${file}": it is not ${format}`, ...places].join("\n"),
  );
}

async function runModule(file: string): Promise<DefinitionText> {
  const text = await readText(file);
  // A module is loaded once per address: the time of the last change makes an edited file a new one.
  const { mtimeNs } = await stat(file, { bigint: true });
  const module = await importModule(`${pathToFileURL(file).href}?changed=${mtimeNs}`, file, text);
  if (module["default"] === undefined) {
    throw new LoadDefinitionError(
      "definition-no-default-export",
      `Cannot load the definition "${file}": it has no default export`,
      { hint: "write: export default defineSystem({ … })" },
    );
  }
  return { file, text, value: module["default"], locate: locateInTypeScript(text) };
}

async function importModule(address: string, file: string, text: string): Promise<Record<string, unknown>> {
  try {
    return (await import(address)) as Record<string, unknown>; // a module is a record of its exports
  } catch (error) {
    const position = findThrowPosition(error, file);
    const place = position === undefined ? [] : toExcerpt(text, position);
    const title = `Cannot load the definition "${file}": it fails while it is loaded`;
    const where = position === undefined ? "" : `${file}:${position.line}:${position.column}   `;
    throw new LoadDefinitionError(
      "definition-throws",
      [title, `  ${where}${stripVTControlCharacters(messageOf(error)).trim()}`, ...place].join("\n"),
      { cause: error },
    );
  }
}

/**
 * Where the stack of an error first touches the file: `file:///…/system.ts?changed=1:14:5`. A syntax error
 * in TypeScript has `/…/system.ts:14` as its first line, and then the text with a caret below.
 */
function findThrowPosition(error: unknown, file: string): Position | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  if (stack.startsWith(`${file}:`)) {
    const line = Number.parseInt(stack.slice(file.length + 1), 10);
    const column = (/\n( *)\^+\n/.exec(stack)?.[1] ?? "").length + 1;
    return Number.isNaN(line) ? undefined : { line, column };
  }
  const address = pathToFileURL(file).href;
  const place = stack
    .split("\n")
    .find((frame) => frame.includes(`${address}?`) || frame.includes(`${address}:`));
  const [, line, column] = /:(\d+):(\d+)\)?$/.exec(place ?? "") ?? [];
  return line === undefined || column === undefined
    ? undefined
    : { line: Number(line), column: Number(column) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
