import { createHash } from "node:crypto";
import { stringify } from "yaml";
import type { DefinitionFile } from "#definition/definition.ts";
import { toLevelName } from "#definition/levels.ts";
import { loadDefinition, type LoadedDefinition } from "#system/loadDefinition.ts";
import type { CommandContext } from "../commandContext.ts";
import type { DefinitionArguments } from "../commandOptions.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";

/** Longer contents are told by their hash. */
const LONGEST_CONTENT = 400;

/** Prints a definition with its bases merged in and every default filled in, as YAML unless asked for JSON. */
export async function show(
  { file }: DefinitionArguments,
  _options: object,
  context: CommandContext,
): Promise<ExitCode> {
  const document = toDocument(await loadDefinition(file));
  context.stdout(context.output === "json" ? `${JSON.stringify(document, null, 2)}\n` : stringify(document));
  return EXIT_CODE.ok;
}

function toDocument({ definition, checks }: LoadedDefinition): object {
  const files = Object.entries(definition.files).map(([path, file]) => [path, toShownFile(file)]);
  return {
    apiVersion: "socle/v1",
    kind: "Definition",
    ...definition,
    files: Object.fromEntries(files) as Record<string, object>, // entries of the line above
    level: toLevelName(definition.policies),
    checks: checks.map(({ name }) => name),
  };
}

function toShownFile({ content, encoding, mode, owner }: DefinitionFile): object {
  const attributes = { mode: `0${mode.toString(8)}`, owner };
  if (content.length <= LONGEST_CONTENT) return { content, encoding, ...attributes };
  const bytes = Buffer.from(content, encoding);
  return {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    sizeBytes: bytes.length,
    ...attributes,
  };
}
