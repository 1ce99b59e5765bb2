import assert from "node:assert/strict";

import { ConfigurationError, describeConfigurationProblem } from "./configurationError.ts";
import { parseMachineConfiguration } from "./parseMachineConfiguration.ts";
import { HEAD } from "./wholeDocument.fixture.ts";

/** What is wrong with a document of these keys, a sentence each. Any other error is one of the parser. */
export function problemsOf(keys: object): string[] {
  try {
    parseMachineConfiguration({ ...HEAD, ...keys });
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    return error.problems.map(describeConfigurationProblem);
  }
  return [];
}

/** Each document has exactly one problem, and it is told like this; undefined: it has none. */
export function assertProblems(table: readonly (readonly [object, RegExp | undefined])[]): void {
  for (const [keys, expected] of table) {
    const problems = problemsOf(keys);
    const subject = `${JSON.stringify(keys)}: ${problems.join("; ")}`;
    assert.equal(problems.length, expected === undefined ? 0 : 1, subject);
    if (expected !== undefined) assert.match(problems[0] ?? "", expected);
  }
}
