import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

import type { JournalLineSchema, KernelLineSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

/** Fields of an entry as `journalctl -o json` writes it: text, or an array of bytes where it is no UTF-8; null when too large. */
type JournalField = string | readonly number[] | readonly string[] | null;

/** The fields that are shown; journalctl is asked for these alone. systemd.journal-fields(7). */
export const JOURNAL_FIELDS = [
  "MESSAGE",
  "PRIORITY",
  "_SYSTEMD_UNIT",
  "UNIT",
  "SYSLOG_IDENTIFIER",
  "_COMM",
  "_PID",
  "_BOOT_ID",
  "_SOURCE_MONOTONIC_TIMESTAMP",
] as const;

/** A message is cut there, so that one line cannot fill an answer. */
const MOST_MESSAGE_CHARACTERS = 32_768;
const INFORMATION = 6;

/** One line of `journalctl -o json`. Undefined for what is no entry. */
export function parseJournalLine(text: string): MessageInitShape<typeof JournalLineSchema> | undefined {
  const entry = parseEntry(text);
  if (entry === undefined) return undefined;
  return {
    at: timestampFromMs(Math.floor(Number(readField(entry, "__REALTIME_TIMESTAMP")) / 1000)),
    bootId: toUuid(readField(entry, "_BOOT_ID")),
    priority: readPriority(entry),
    // What systemd says about a unit is in its own unit's place otherwise.
    unit: readField(entry, "UNIT") || readField(entry, "_SYSTEMD_UNIT"),
    identifier: readField(entry, "SYSLOG_IDENTIFIER") || readField(entry, "_COMM"),
    pid: Number(readField(entry, "_PID")) || 0,
    message: readField(entry, "MESSAGE").slice(0, MOST_MESSAGE_CHARACTERS),
  };
}

/** The same of an entry that the kernel wrote. */
export function parseKernelLine(text: string): MessageInitShape<typeof KernelLineSchema> | undefined {
  const entry = parseEntry(text);
  if (entry === undefined) return undefined;
  const sinceBootUs =
    readField(entry, "_SOURCE_MONOTONIC_TIMESTAMP") || readField(entry, "__MONOTONIC_TIMESTAMP");
  return {
    sinceBootUs: BigInt(/^\d+$/.test(sinceBootUs) ? sinceBootUs : 0),
    priority: readPriority(entry),
    message: readField(entry, "MESSAGE").slice(0, MOST_MESSAGE_CHARACTERS),
  };
}

/** Undefined for what is no entry. */
export function parseEntry(text: string): Record<string, JournalField> | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isEntry = typeof entry === "object" && entry !== null && "__REALTIME_TIMESTAMP" in entry;
  return isEntry ? (entry as Record<string, JournalField>) : undefined; // journalctl writes no other values
}

/** Of a field that is there several times, the first. */
export function readField(entry: Readonly<Record<string, JournalField>>, name: string): string {
  const field = entry[name] ?? "";
  if (typeof field === "string") return field;
  const [first] = field;
  if (first === undefined) return "";
  return typeof first === "string" ? first : Buffer.from(field as readonly number[]).toString("utf8"); // all are numbers if one is
}

function readPriority(entry: Readonly<Record<string, JournalField>>): number {
  const text = readField(entry, "PRIORITY");
  return /^[0-7]$/.test(text) ? Number(text) : INFORMATION;
}

/** The journal writes ids without hyphens. */
export function toUuid(id: string): string {
  return id.replace(/^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/, "$1-$2-$3-$4-$5");
}
