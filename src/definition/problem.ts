/** One thing that is wrong with a definition, told so that a person can put it right. */
export interface Problem {
  readonly kind: "wrong-value" | "missing" | "unknown-key";
  /** Where, as one would write it: `files["/etc/motd"].mode`, `packages[2]`; empty for the whole. */
  readonly path: string;
  /** The same, key by key. */
  readonly keys: readonly (string | number)[];
  readonly value: unknown;
  /** What the value should be, as the end of the sentence "wanted …". */
  readonly wanted: string;
  readonly hint?: string;
  /** Where the value is written, where that is known for certain; lines and columns count from 1. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export type ProblemKeys = Problem["keys"];

/** A problem with the value at `keys`; one that is `undefined` is missing. */
export function toProblem(keys: ProblemKeys, value: unknown, wanted: string, hint?: string): Problem {
  const kind = value === undefined ? "missing" : "wrong-value";
  return { kind, path: formatPath(keys), keys, value, wanted, ...(hint === undefined ? {} : { hint }) };
}

export function formatPath(keys: ProblemKeys): string {
  let path = "";
  for (const key of keys) {
    if (typeof key === "number") path += `[${key}]`;
    else if (!/^[A-Za-z_$][\w$]*$/.test(key)) path += `[${JSON.stringify(key)}]`;
    else path += path === "" ? key : `.${key}`;
  }
  return path;
}

/** The first half of the sentence: `root.compression is "lzma"`, `id is missing`, `unknown key "serivces"`. */
export function describeProblem({ kind, path, keys, value }: Problem): string {
  if (kind === "unknown-key") {
    const parent = formatPath(keys.slice(0, -1));
    return `unknown key ${formatValue(keys.at(-1))}${parent === "" ? "" : ` in ${parent}`}`;
  }
  const subject = path === "" ? "the definition" : path;
  return kind === "missing" ? `${subject} is missing` : `${subject} is ${formatValue(value)}`;
}

const LONGEST_VALUE = 60;

/** A value on one line, shortened: files can be long. */
export function formatValue(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value === "number") return String(value); // JSON would print NaN as null
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  const text = JSON.stringify(value) ?? "undefined";
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 2)}…"`;
}
