import { ConfigurationError } from "#config/configurationError.ts";
import { parseMachineConfiguration } from "#config/parseMachineConfiguration.ts";
import { refuseUnrendered } from "#config/planApply.ts";
import { DEFAULTS } from "./defaults.ts";
import { toTreePolicies } from "./levels.ts";
import { formatPath, toProblem, type Problem } from "./problem.ts";
import { readYamlText } from "./readYamlText.ts";
import type { FlatLayer } from "./schema.ts";

/** The machine configuration of a definition: checked when it is built, and not only on each machine. */

type Layer = Pick<FlatLayer, "configuration" | "level">;

/** The file that holds it; undefined when it is written out, or when there is none. */
export function findDocumentFile({ configuration }: Layer): string | undefined {
  const file = configuration?.["file"];
  return typeof file === "string" ? file : undefined;
}

/** What is wrong with one that is written out. */
export function findDocumentProblems(layer: Layer): Problem[] {
  const { configuration } = layer;
  if (configuration === undefined || findDocumentFile(layer) !== undefined) return [];
  return findProblems(configuration, layer).map((problem) => {
    const keys = ["configuration", ...problem.keys];
    return { ...problem, keys, path: formatPath(keys) };
  });
}

/** What is wrong with one in a file: each problem is told by the place of the file, with its own place as the hint. */
export function findFileProblems(layer: Layer, content: Uint8Array): Problem[] {
  const { value, syntaxErrors } = readText(content);
  const file = findDocumentFile(layer);
  const tell = (wanted: string, hint?: string) => toProblem(["configuration", "file"], file, wanted, hint);
  const [first] = syntaxErrors;
  if (first !== undefined)
    return [tell("a file in JSON or YAML", `line ${first.position.line}: ${first.message}`)];
  return findProblems(value, layer).map(({ path, wanted, hint }) =>
    tell(`a file in which ${path === "" ? "the document" : path} is ${wanted}`, hint),
  );
}

/** In JSON, as the machine keeps it. Only for what has no problems. */
export function toDocument(layer: Layer, content: Uint8Array | undefined): string | undefined {
  if (layer.configuration === undefined) return undefined;
  const document = content === undefined ? layer.configuration : readText(content).value;
  return `${JSON.stringify(document, null, 2)}\n`;
}

function readText(content: Uint8Array) {
  return readYamlText(new TextDecoder().decode(content));
}

function findProblems(document: unknown, { level = DEFAULTS.level }: Layer): readonly Problem[] {
  try {
    parseMachineConfiguration(document);
    return toTreePolicies(level).etc === "rendered" ? [] : refuseUnrendered(document);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}
