/** A generation as it is stored: /var/lib/socle/config/generations/NUMBER.json. Root's only: it holds secrets. */
import { isSha256, type Sha256 } from "#release/sha256.ts";
import { SocleError } from "#progress/socleError.ts";

import type { Generation } from "./generation.ts";

/** A stored generation is not what was stored. */
export class GenerationError extends SocleError<"generation-malformed" | "generation-altered"> {
  override readonly name = "GenerationError";
}

const FORM = { apiVersion: "socle/v1", kind: "ConfigurationGeneration" } as const;

export function encodeGeneration(generation: Generation): string {
  return `${JSON.stringify({ ...FORM, ...generation }, null, 2)}\n`;
}

/**
 * What this version of the system does not know is passed over: a newer one may have stored it.
 * @param digestOf the one of documentDigest.ts, or another way to the same
 * @throws {GenerationError}
 */
export function parseGeneration(text: string, digestOf: (document: string) => Sha256 | string): Generation {
  const fields = parseFields(text);
  const take = <T>(key: string, isRight: (value: unknown) => value is T): T => {
    const value = fields[key];
    if (isRight(value)) return value;
    throw malformed(`"${key}" is missing or of another form`);
  };
  take("apiVersion", (value) => value === FORM.apiVersion);
  take("kind", (value) => value === FORM.kind);
  const document = take("document", isText);
  const digest = take("digest", (value) => isText(value) && isSha256(value));
  const number = take("number", isNumber);
  if (digestOf(document) !== digest) {
    throw new GenerationError(
      "generation-altered",
      `Cannot take generation ${number}: its document has another SHA-256 than it was stored with`,
    );
  }
  const record = {
    number,
    document,
    digest,
    form: take("form", isText),
    who: take("who", isText),
    reason: take("reason", isText),
    at: new Date(take("at", isTime)),
    healthyOn: take("healthyOn", isTexts),
  };
  const state = take("state", isText);
  switch (state) {
    case "trial":
      return {
        ...record,
        state,
        bootId: take("bootId", isText),
        until: fields["until"] === undefined ? undefined : new Date(take("until", isTime)),
      };
    case "reverted":
      return { ...record, state, because: take("because", isText) };
    case "current":
    case "previous":
      return { ...record, state };
    default:
      throw malformed(`its state is "${state}"`);
  }
}

function parseFields(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("it is not JSON"); // V8's message quotes the document, and secrets with it
  }
  if (typeof value !== "object" || value === null) throw malformed("it is no object");
  return Object.fromEntries(Object.entries(value));
}

function malformed(what: string): GenerationError {
  return new GenerationError("generation-malformed", `Cannot read a stored generation: ${what}`);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

function isTime(value: unknown): value is string {
  return isText(value) && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
}
