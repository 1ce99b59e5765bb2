// zod/mini: a third of the size in the bundle, and no code made at run time.
import * as z from "zod/mini";
import { encodeCanonicalJson } from "#release/canonicalJson.ts";
import { HealthError } from "./healthError.ts";
import type { HealthReport } from "./healthReport.ts";

z.config(z.locales.en());

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const verdict = z.enum(["pass", "fail"]);
const figure = z.number().check(z.nonnegative());

const report = z.strictObject({
  apiVersion: z.literal("socle/v1"),
  kind: z.literal("HealthReport"),
  bootId: z.string().check(z.regex(/^[0-9a-f-]{32,36}$/)),
  version: z.string().check(z.minLength(1)),
  /** Empty where the root is not on dm-verity. */
  rootHash: z.union([sha256, z.literal("")]),
  ukiSha256: z.optional(sha256),
  verdict,
  at: z.iso.datetime(),
  checks: z.array(z.strictObject({ name: z.string(), verdict, says: z.string() })),
  figures: z.strictObject({ bootUs: figure, memoryBytes: figure, restarts: figure }),
  failedUnits: z.array(z.string()),
});

/** The bytes of a file in `HEALTH_FOLDER`. */
export function encodeHealthReport(value: HealthReport): string {
  return encodeCanonicalJson(value);
}

/** @throws {HealthError} for what no health program has written. */
export function parseHealthReport(written: string): HealthReport {
  try {
    return report.parse(JSON.parse(written)) as HealthReport; // apart from `undefined` in optional keys, which JSON has not
  } catch (error) {
    const why = error instanceof z.core.$ZodError ? z.prettifyError(error) : String(error);
    throw new HealthError("health-report-malformed", `Cannot read a health report: ${why}`, { cause: error });
  }
}
