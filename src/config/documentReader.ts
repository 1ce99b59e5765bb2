/**
 * Reads a value of unknown form and collects everything that is wrong with it. By hand, not with zod:
 * it runs on the boot's critical path without JIT (docs/configuration.md has the figures).
 */
import { closestWord } from "#definition/closestWord.ts";
import { formatPath, toProblem, type Problem, type ProblemKeys } from "#definition/problem.ts";
import type { TextRule } from "#definition/textRules.ts";

import { hideSecrets } from "./hideSecrets.ts";

/** A value, where it was found, and where what is wrong with it goes. */
export interface Place {
  readonly keys: ProblemKeys;
  readonly value: unknown;
  readonly problems: Problem[];
}

/** Gives the value in the form that was wanted; or undefined, with at least one problem more. */
export type Read<T> = (place: Place) => T | undefined;

/** What is wrong with a document ends in logs and answers: what was found is told without its secrets. */
export function refuse({ keys, value, problems }: Place, wanted: string, hint?: string): undefined {
  problems.push(toProblem(keys, toShown(value), wanted, hint));
}

/** The place of a field of this place's value, which has been read already. */
export function inside({ keys, problems }: Place, key: string | number, value: unknown): Place {
  return { keys: [...keys, key], value, problems };
}

function toShown(value: unknown): unknown {
  return typeof value === "string" ? hideSecrets(value) : value;
}

/** A reader for each key; a key that is not listed is a problem. `-?` and `Exclude`: every key is listed. */
export type FieldReaders<T> = { readonly [K in keyof T]-?: Read<Exclude<T[K], undefined>> };

/** The fields that are there and could be read; undefined when the value has no fields. */
export function readFields<T>(
  place: Place,
  fields: FieldReaders<T>,
  needed: readonly (keyof T)[],
): Partial<T> | undefined {
  const known = Object.keys(fields) as (keyof T & string)[]; // the tables are literals without other keys
  const { value, keys, problems } = place;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse(
      place,
      `an object with ${known.length === 1 ? "the key" : "keys among"} ${known.join(", ")}`,
    );
  }
  const entries = new Map<string, unknown>(Object.entries(value));
  for (const [key, inner] of entries) {
    if (!known.some((name) => name === key)) problems.push(toUnknownKey([...keys, key], inner, known));
  }
  const fieldsRead: Partial<T> = {};
  for (const key of known) {
    if (!entries.has(key) && !needed.includes(key)) continue;
    const field = fields[key]({ keys: [...keys, key], value: entries.get(key), problems });
    if (field !== undefined) fieldsRead[key] = field;
  }
  return fieldsRead;
}

function toUnknownKey(keys: ProblemKeys, value: unknown, known: readonly string[]): Problem {
  const meant = closestWord(String(keys.at(-1)), known);
  const wanted = known.length === 1 ? `the key ${known.join()}` : `one of the keys ${known.join(", ")}`;
  const hint = meant === undefined ? {} : { hint: `did you mean "${meant}"?` };
  return { kind: "unknown-key", path: formatPath(keys), keys, value: toShown(value), wanted, ...hint };
}

/** A list of at least one item and at most `most`. */
export function listOf<T>(what: string, most: number, read: Read<T>): Read<readonly T[]> {
  return (place) => {
    const { keys, value, problems } = place;
    if (!Array.isArray(value)) return refuse(place, `a list of ${what}`);
    if (value.length === 0)
      return refuse(place, `a list of at least one of ${what}`, "leave the key out instead");
    if (value.length > most) return refuse(place, `a list of at most ${most} of ${what}`);
    const items: T[] = [];
    for (const [index, item] of value.entries()) {
      const itemRead = read({ keys: [...keys, index], value: item, problems });
      if (itemRead !== undefined) items.push(itemRead);
    }
    return items.length === value.length ? items : undefined;
  };
}

/** An object of names and values, as a list in the order of the names: rendered, it is always the same. */
export function entriesOf<T>(what: string, most: number, read: (name: Place, value: Place) => T | undefined) {
  return (place: Place): readonly T[] | undefined => {
    const { value } = place;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return refuse(place, `an object of ${what}`);
    }
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
    if (entries.length > most) return refuse(place, `an object of at most ${most} of ${what}`);
    const items = entries.map(([name, inner]) => {
      const at = inside(place, name, inner);
      return read({ ...at, value: name }, at);
    });
    return items.every((item) => item !== undefined) ? items : undefined;
  };
}

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): Read<number> {
  return (place) => {
    const { value } = place;
    const isWithin = Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
    return isWithin ? Number(value) : refuse(place, `a whole number from ${least} to ${most}`);
  };
}

/** Text that fits a rule; the brand says which. */
export function readText<T extends string>(rule: TextRule): Read<T> {
  return (place) => {
    const { value } = place;
    if (typeof value !== "string") return refuse(place, rule.wanted);
    if (!rule.pattern.test(value)) return refuse(place, rule.wanted, rule.hint?.(value));
    const refusal = rule.refuse?.(value);
    if (refusal !== undefined) return refuse(place, refusal.wanted ?? rule.wanted, refusal.hint);
    return value as T; // the rule is the brand's meaning
  };
}

export const readBoolean: Read<boolean> = (place) =>
  typeof place.value === "boolean" ? place.value : refuse(place, "true or false");

export function oneOf<T extends string>(words: readonly T[]): Read<T> {
  return (place) => {
    const word = words.find((each) => each === place.value);
    if (word !== undefined) return word;
    const meant = typeof place.value === "string" ? closestWord(place.value, words) : undefined;
    const wanted = `one of ${words.map((each) => `"${each}"`).join(", ")}`;
    return refuse(place, wanted, meant === undefined ? undefined : `did you mean "${meant}"?`);
  };
}

export function exactly<T extends string>(wanted: T): Read<T> {
  return (place) => (place.value === wanted ? wanted : refuse(place, `"${wanted}"`));
}
