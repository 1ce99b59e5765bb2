// zod/mini: a third of the size in the bundle, and no code made at run time.
import * as z from "zod/mini";

/** The unit of a session makes it, for root alone. Recordings are an admin's to read: observe/secretPaths.ts. */
export const RECORDINGS_FOLDER = "/var/log/socle/debug";

/** What is kept of a session beside its recording. */
export interface SessionRecord {
  /** e.g. `2026-03-01T12-00-00Z-5f1c`; the later one sorts after the earlier. */
  readonly id: string;
  readonly who: string;
  readonly reason: string;
  /** RFC 3339, as the two below. */
  readonly began: string;
  readonly until: string;
  /** Absent while it goes on, and where the machine lost its power within it. */
  readonly ended?: string;
  /** "exit", "time-is-up", "caller-gone", "failed". */
  readonly end?: string;
  readonly code?: number;
  /** Empty: a shell. */
  readonly command: readonly string[];
}

const ID = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]{4}$/;

const schema = z.object({
  id: z.string().check(z.regex(ID)),
  who: z.string(),
  reason: z.string(),
  began: z.iso.datetime(),
  until: z.iso.datetime(),
  ended: z.optional(z.iso.datetime()),
  end: z.optional(z.string()),
  code: z.optional(z.int()),
  command: z.array(z.string()),
});

/** @param chance four hexadecimal digits: two sessions may begin within a second */
export function toSessionId(began: Date, chance: string): string {
  const id = `${began.toISOString().slice(0, 19).replaceAll(":", "-")}Z-${chance}`;
  if (!ID.test(id)) throw new TypeError(`"${id}" is no id of a session`);
  return id;
}

export function encodeSessionRecord(record: SessionRecord): string {
  return `${JSON.stringify({ apiVersion: "socle/v1", kind: "DebugSession", ...record }, null, 2)}\n`;
}

/** Undefined for what is not one: a file that a power cut left empty takes no other away. */
export function parseSessionRecord(text: string): SessionRecord | undefined {
  try {
    // Keys that are not there are absent, as the type wants: JSON has no undefined.
    return schema.parse(JSON.parse(text)) as SessionRecord;
  } catch {
    return undefined;
  }
}

/** Files of a session: its record; what its terminal showed, and when: the form of script(1), which scriptreplay(1) plays. */
export function toSessionPaths(id: string) {
  const base = `${RECORDINGS_FOLDER}/${id}`;
  return { record: `${base}.json`, recording: `${base}.typescript`, timing: `${base}.timing` } as const;
}
