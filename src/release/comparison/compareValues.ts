import { createHash } from "node:crypto";

import { formatPath } from "#definition/problem.ts";

import type { Json } from "./comparedSystem.ts";
import { compareTexts } from "./compareKeyed.ts";
import type { ValueChange } from "./releaseDiff.ts";

/** Longer texts are told by their digest. */
const LONGEST_TEXT = 200;

/** The keys that differ, down to the first list or single value, sorted by path. */
export function compareValues(from: Json | undefined, to: Json | undefined): ValueChange[] {
  return findChanges(from, to, []).sort((a, b) => compareTexts(a.path, b.path));
}

function findChanges(from: Json | undefined, to: Json | undefined, keys: readonly string[]): ValueChange[] {
  if (isObject(from) && isObject(to)) {
    const names = new Set([...Object.keys(from), ...Object.keys(to)]);
    return [...names].flatMap((name) => findChanges(from[name], to[name], [...keys, name]));
  }
  if (isEqual(from, to)) return [];
  return [
    {
      path: formatPath(keys),
      ...(from === undefined ? {} : { from: shorten(from) }),
      ...(to === undefined ? {} : { to: shorten(to) }),
    },
  ];
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Of any depth; the order of keys does not matter, that of a list does. */
function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (isObject(a) && isObject(b)) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...names].every((name) => isEqual(a[name], b[name]));
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry: Json, index) => isEqual(entry, b[index] as Json));
  }
  return a === b;
}

function shorten(value: Json): Json {
  if (typeof value === "string") {
    if (value.length <= LONGEST_TEXT) return value;
    const bytes = Buffer.from(value);
    return { sha256: createHash("sha256").update(bytes).digest("hex"), sizeBytes: bytes.length };
  }
  if (Array.isArray(value)) return value.map((entry: Json) => shorten(entry));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, entry]) => (entry === undefined ? [] : [[name, shorten(entry)]])),
  );
}
