import type { AccessConfiguration } from "#config/accessConfiguration.ts";
import { ConfigurationError } from "#config/configurationError.ts";
import type { FoundDocument } from "#config/judgeDocument.ts";
import { decodeMachineConfiguration } from "#config/parseMachineConfiguration.ts";
import { toProblem, type Problem } from "#definition/problem.ts";
import { AccessError } from "#trust/accessError.ts";
import { parseCallerTrust } from "#trust/callerTrust.ts";

export interface JudgedAccess {
  /** Undefined when the document says nothing of access, and when something is wrong with it. */
  readonly access: AccessConfiguration | undefined;
  /** All that is wrong with the document. */
  readonly problems: readonly Problem[];
}

/** Whom a document lets in; looks also at what is in its certificates and lists, which the parser does not. */
export async function judgeAccess(content: FoundDocument["content"]): Promise<JudgedAccess> {
  if ("unreadable" in content)
    return toRefused(toProblem([], content.unreadable, "a document that can be read"));
  try {
    const { access } = decodeMachineConfiguration(content.text);
    const problems = await findAccessProblems(access);
    return { access: problems.length === 0 ? access : undefined, problems };
  } catch (error) {
    if (error instanceof ConfigurationError) return { access: undefined, problems: error.problems };
    throw error;
  }
}

/** What the parser does not see: certificates of no authority, lists of another one. */
export async function findAccessProblems(access: AccessConfiguration | undefined): Promise<Problem[]> {
  try {
    if (access !== undefined) await parseCallerTrust(access);
    return [];
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    return [toProblem(["access"], error.message, "authorities, and lists of theirs", error.hint)];
  }
}

function toRefused(problem: Problem): JudgedAccess {
  return { access: undefined, problems: [problem] };
}
