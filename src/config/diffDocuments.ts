import { formatPath } from "#definition/problem.ts";

import { hideSecrets } from "./hideSecrets.ts";

/** A key of a document that differs. */
export interface KeyChange {
  /** `network.interfaces[0].dns` */
  readonly path: string;
  readonly keys: readonly (string | number)[];
  /** JSON without secrets; undefined where the key is not there. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Both look the same once their secrets are hidden. */
  readonly differsInSecret: boolean;
}

type Keys = KeyChange["keys"];

/**
 * The smallest parts that differ, in the order of the new document, then those that are gone. A list whose
 * length differs is one part: nobody knows which of its items is meant to be which.
 */
export function diffDocuments(from: unknown, to: unknown, keys: Keys = []): KeyChange[] {
  if (isObject(from) && isObject(to)) {
    const names = new Set([...Object.keys(to), ...Object.keys(from)]);
    return [...names].flatMap((name) => diffDocuments(own(from, name), own(to, name), [...keys, name]));
  }
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
    return from.flatMap((item: unknown, index) => diffDocuments(item, to[index], [...keys, index]));
  }
  if (isEqual(from, to)) return [];
  const shown = { from: toShownJson(from), to: toShownJson(to) };
  return [{ path: formatPath(keys), keys, ...shown, differsInSecret: shown.from === shown.to }];
}

/** The document as it may be shown: without passwords and private keys, wherever they stand. */
export function toShownDocument(document: unknown): unknown {
  if (typeof document === "string") return hideSecrets(document);
  if (Array.isArray(document)) return document.map(toShownDocument);
  if (!isObject(document)) return document;
  return Object.fromEntries(Object.entries(document).map(([key, value]) => [key, toShownDocument(value)]));
}

function toShownJson(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(toShownDocument(value));
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function own(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
