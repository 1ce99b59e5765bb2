import { toProblem } from "#definition/problem.ts";
import { ConfigurationError } from "#config/configurationError.ts";

/**
 * The JSON of a document that is written in JSON or YAML; JSON stays as it is, to the byte.
 * @throws {ConfigurationError} when it is neither
 */
export async function toDocumentText(written: string): Promise<string> {
  try {
    JSON.parse(written);
    return written;
  } catch {
    // Loaded where it is needed: most documents are JSON.
    const { readYamlText } = await import("#definition/readYamlText.ts");
    const { value, syntaxErrors } = readYamlText(written);
    const [first] = syntaxErrors;
    if (first === undefined && typeof value === "object" && value !== null) return JSON.stringify(value);
    // Only the place: the message may quote the text around it, and secrets with it.
    const hint = first && `reading stopped at line ${first.position.line} column ${first.position.column}`;
    throw new ConfigurationError([toProblem([], "…", "JSON or YAML", hint)]);
  }
}
