import type { DescEnum, DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { timestampDate, TimestampSchema, type Timestamp } from "@bufbuild/protobuf/wkt";

export type DocumentValue =
  | string
  | number
  | boolean
  | null
  | readonly DocumentValue[]
  | { readonly [name: string]: DocumentValue };
export type Document = { readonly [name: string]: DocumentValue };

/**
 * An answer for programs: numbers are numbers, times are RFC 3339, nothing is left out, which the JSON of the protocol
 * cannot promise. A field of a oneof has its own name; those that are not set are null.
 */
export function toDocument(schema: DescMessage, message: Message): Document {
  return Object.fromEntries(
    schema.fields.map((field) => [field.localName, toFieldValue(field, readField(field, message))]),
  );
}

function readField({ oneof, localName }: DescField, message: Message): unknown {
  const values = message as unknown as Readonly<Record<string, unknown>>; // its fields by their names
  if (oneof === undefined) return values[localName];
  const chosen = values[oneof.localName] as { readonly case?: string; readonly value?: unknown } | undefined;
  return chosen?.case === localName ? chosen.value : undefined;
}

function toFieldValue(field: DescField, value: unknown): DocumentValue {
  if (field.fieldKind === "list") return (value as readonly unknown[]).map((one) => toValue(field, one));
  return toValue(field, value);
}

function toValue({ message, enum: names }: DescField, value: unknown): DocumentValue {
  if (value === undefined) return null;
  if (message?.typeName === TimestampSchema.typeName) return timestampDate(value as Timestamp).toISOString();
  if (message !== undefined) return toDocument(message, value as Message);
  if (names !== undefined) return toWord(names, value as number);
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value as string | number | boolean; // nothing else is left of the scalars
}

/** `PHASE_ROLLED_BACK` is `rolled-back`. */
function toWord({ value, sharedPrefix = "" }: DescEnum, number: number): string {
  const name = value[number]?.name.toLowerCase() ?? "unknown";
  return (name.startsWith(sharedPrefix) ? name.slice(sharedPrefix.length) : name).replaceAll("_", "-");
}
