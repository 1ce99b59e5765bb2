import { ConfigurationError } from "#config/configurationError.ts";
import { toProblem, type Problem } from "#definition/problem.ts";

import { toDocumentText } from "../configuration/toDocumentText.ts";
import { judgeAccess } from "../judgeAccess.ts";

/** What is wrong with a document, in JSON or YAML, as a machine's first: one that lets nobody in would leave it open to everybody. */
export async function judgeFirstDocument(text: string): Promise<readonly Problem[]> {
  let document: string;
  try {
    document = await toDocumentText(text);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  const { access, problems } = await judgeAccess({ text: document });
  if (problems.length > 0 || access !== undefined) return problems;
  return [
    toProblem(
      ["access"],
      undefined,
      "authorities of callers: nobody could call the machine after it",
      "socle access show prints them",
    ),
  ];
}
