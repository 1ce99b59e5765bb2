import type { Check } from "#release/checks/check.ts";
import { closestWord } from "./closestWord.ts";
import { formatPath, toProblem } from "./problem.ts";
import type { Problem } from "./problem.ts";

/** The checks that a definition lists, or what is wrong with them: then `checks` is empty. */
export interface ParsedChecks {
  readonly checks: readonly Check[];
  readonly problems: readonly Problem[];
}

const KEYS = ["name", "check"];
const CHECK_WANTED =
  'a check, such as nothingListens() of "socle/checks" or { name: "…", check: (release) => [] }';

/** Checks are functions, so they are no part of the resolved definition, and no schema describes them. */
export function parseChecks(value: unknown): ParsedChecks {
  if (value === undefined) return { checks: [], problems: [] };
  if (!Array.isArray(value)) return refuse([toProblem(["checks"], value, "a list of checks")]);
  const problems = value.flatMap((check: unknown, index) => findProblems(check, index));
  return problems.length > 0 ? refuse(problems) : { checks: value as Check[], problems }; // as findProblems wants them
}

/** YAML and JSON hold data; a check that is named there would look as if it ran. */
export function refuseChecks(value: unknown): ParsedChecks {
  if (value === undefined) return { checks: [], problems: [] };
  const wanted = "a definition in TypeScript around this one: checks are functions";
  const hint = 'write system.ts: export default extendSystem("./NAME.yaml", { checks: [nothingListens()] })';
  return refuse([toProblem(["checks"], value, wanted, hint)]);
}

function refuse(problems: readonly Problem[]): ParsedChecks {
  return { checks: [], problems };
}

function findProblems(check: unknown, index: number): Problem[] {
  const at = ["checks", index] as const;
  if (typeof check === "function") {
    return [
      toProblem(at, check, CHECK_WANTED, "is it called? a ready-made check is a function that makes one"),
    ];
  }
  if (typeof check !== "object" || check === null) return [toProblem(at, check, CHECK_WANTED)];
  const { name, check: run, ...others } = check as Record<string, unknown>; // an object, so it can be asked for any key
  return [
    ...Object.keys(others).map((key) => toUnknownKey([...at, key], others[key])),
    ...(typeof name === "string" && /^[^\p{Cc}]*\S[^\p{Cc}]*$/u.test(name)
      ? []
      : [toProblem([...at, "name"], name, "a name on one line: what shall be true")]),
    ...(typeof run === "function"
      ? []
      : [
          toProblem(
            [...at, "check"],
            run,
            "a function that takes the release and returns a list of findings",
          ),
        ]),
  ];
}

function toUnknownKey(keys: Problem["keys"], value: unknown): Problem {
  const meant = closestWord(String(keys.at(-1)), KEYS);
  const hint = meant === undefined ? {} : { hint: `did you mean "${meant}"?` };
  const wanted = `one of the keys ${KEYS.join(", ")}`;
  return { kind: "unknown-key", path: formatPath(keys), keys, value, wanted, ...hint };
}
