import { ConfigurationError } from "#config/configurationError.ts";
import { parseMachineConfiguration } from "#config/parseMachineConfiguration.ts";
import type { Locate } from "#definition/position.ts";
import type { Problem } from "#definition/problem.ts";
import { readYamlText } from "#definition/readYamlText.ts";
import { SocleError } from "#progress/socleError.ts";
import { readIfPresent } from "#system/files.ts";

/** A file cannot be sent to a machine as its configuration. */
export class ConfigurationFileError extends SocleError<"configuration-not-readable"> {
  override readonly name = "ConfigurationFileError";
}

/** JSON or YAML, by what is in it: JSON is a part of YAML. */
export interface ConfigurationFile {
  readonly file: string;
  readonly value: unknown;
  /** What a machine is sent: JSON as it was written, YAML as JSON. */
  readonly document: string;
  readonly locate: Locate;
}

/** What is in the file is judged by the machine, which may know other keys than this program. */
export async function readConfigurationFile(file: string): Promise<ConfigurationFile> {
  const text = await readIfPresent(file);
  if (text === undefined)
    throw new ConfigurationFileError(
      "configuration-not-readable",
      `Cannot read "${file}": there is no such file`,
      {
        hint: "docs/configuration.md shows one; socle config show prints that of a machine",
      },
    );
  const { value, locate, syntaxErrors } = readYamlText(text);
  const [first] = syntaxErrors;
  // Only the place: what stands there may be a secret.
  const place =
    first === undefined ? "" : `, as far as line ${first.position.line}, column ${first.position.column}`;
  if (first !== undefined || typeof value !== "object" || value === null)
    throw new ConfigurationFileError(
      "configuration-not-readable",
      `Cannot read "${file}": it is neither JSON nor YAML with keys and values${place}`,
    );
  return {
    file,
    value,
    document: isJson(text) ? text : `${JSON.stringify(value, null, 2)}\n`,
    locate,
  };
}

/** All that this version of socle has against it; empty: nothing. */
export function findProblems({ file, value, locate }: ConfigurationFile): Problem[] {
  try {
    parseMachineConfiguration(value);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map((problem) => {
      const part = problem.kind === "unknown-key" ? "key" : "value";
      return { ...problem, file, ...locate(problem.keys, part) };
    });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
