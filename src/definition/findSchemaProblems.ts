import type { z } from "zod";
import { closestWord } from "./closestWord.ts";
import { formatPath, toProblem } from "./problem.ts";
import type { Problem, ProblemKeys } from "./problem.ts";
import { layerSchema } from "./schema.ts";

type Issue = z.core.$ZodIssue;

/** Everything in which a value differs from the form of a definition, in the order of the schema. */
export function findSchemaProblems(input: unknown): Problem[] {
  const result = layerSchema.safeParse(input);
  return result.success ? [] : result.error.issues.flatMap((issue) => toProblems(issue, input, []));
}

function toProblems(issue: Issue, input: unknown, above: ProblemKeys): Problem[] {
  const keys = [...above, ...issue.path.map((key) => (typeof key === "symbol" ? String(key) : key))];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((unknownKey) => toUnknownKey([...keys, unknownKey], input));
  }
  if (issue.code === "invalid_key") {
    const inner = issue.issues[0];
    return [
      toProblem(keys, keys.at(-1), inner?.message ?? issue.message, inner && hintOf(inner, keys.at(-1))),
    ];
  }
  if (issue.code === "invalid_union") {
    const branch = issue.errors.find((issues) => !issues.some(isOfAnotherType));
    if (branch !== undefined) return branch.flatMap((inner) => toProblems(inner, input, keys));
  }
  const value = valueAt(input, keys);
  return [toProblem(keys, value, issue.message, hintOf(issue, value))];
}

/** Whether an issue says that the value is not meant for this branch of a union at all. */
function isOfAnotherType(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
}

function toUnknownKey(keys: ProblemKeys, input: unknown): Problem {
  const key = String(keys.at(-1));
  const known = keysAt(layerSchema, keys.slice(0, -1));
  const meant = closestWord(key, known);
  return {
    kind: "unknown-key",
    path: formatPath(keys),
    keys,
    value: valueAt(input, keys),
    wanted: `one of the keys ${known.join(", ")}`,
    ...(meant === undefined ? {} : { hint: `did you mean "${meant}"?` }),
  };
}

function hintOf(issue: Issue, value: unknown): string | undefined {
  if (issue.code === "custom") {
    const hint: unknown = issue.params?.["hint"];
    return typeof hint === "string" ? hint : undefined;
  }
  const choices =
    issue.code === "invalid_value"
      ? issue.values
      : issue.code === "invalid_union"
        ? issue.errors.flatMap((inner) =>
            inner.flatMap((one) => (one.code === "invalid_value" ? one.values : [])),
          )
        : [];
  const meant = typeof value === "string" ? closestWord(value, choices.filter(isString)) : undefined;
  return meant === undefined ? undefined : `did you mean "${meant}"?`;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

/** The keys that the schema knows at a place. */
function keysAt(schema: z.core.$ZodType, keys: ProblemKeys): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod; // every schema here is of a kind that zod ships
  const [first, ...rest] = keys;
  if (def.type === "optional") return keysAt(def.innerType, keys);
  if (def.type === "union") return def.options.flatMap((option) => keysAt(option, keys));
  if (def.type === "record") return keysAt(def.valueType, rest);
  if (def.type !== "object") return [];
  if (first === undefined) return [...Object.keys(def.shape), ...(schema === layerSchema ? ["checks"] : [])];
  const inner = def.shape[String(first)];
  return inner === undefined ? [] : keysAt(inner, rest);
}

function valueAt(input: unknown, keys: ProblemKeys): unknown {
  let value = input;
  for (const key of keys) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[key]; // an object, so it can be asked for any key
  }
  return value;
}
