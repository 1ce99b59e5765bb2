// zod/mini: a third of the size in the bundle, and no code made at run time.
import * as z from "zod/mini";

import { SocleError } from "#progress/socleError.ts";

import { parseBoundedDuration, type DurationBounds } from "./boundedDuration.ts";
import { DEFAULTS } from "./defaults.ts";
import type { DebugSection } from "./debugSchema.ts";

/** What a definition says about debug sessions, with every default filled in. */
export interface DebugPolicy {
  readonly allowed: boolean;
  /** The longest time that one session may be asked for. */
  readonly longestSeconds: number;
  /** Debian packages with tools, sorted; installed only where sessions are allowed. */
  readonly packages: readonly string[];
}

/** Written by the build where sessions are allowed, and nowhere else; read by the agent and by the session. */
export const DEBUG_POLICY_PATH = "/usr/lib/socle/debug.json";

/** The contract promises no more than four hours. debug.proto. */
export const DEBUG_BOUNDS: DurationBounds = { least: "1min", most: "4h" };

// zod/mini comes without words for its errors.
z.config(z.locales.en());

const schema = z.strictObject({ longestSeconds: z.int().check(z.minimum(1)) });

export class DebugPolicyError extends SocleError<"debug-policy"> {
  override readonly name = "DebugPolicyError";
}

/** The section of a definition that the schema has let through. */
export function toDebugPolicy({ allowed, longest, packages }: DebugSection = {}): DebugPolicy {
  const parsed = parseBoundedDuration(longest ?? DEFAULTS.debugLongest, DEBUG_BOUNDS);
  if ("wanted" in parsed) throw new TypeError(`the schema let through the span "${longest}"`);
  return {
    allowed: allowed ?? DEFAULTS.debugAllowed,
    longestSeconds: parsed.seconds,
    packages: [...new Set(packages ?? DEFAULTS.debugPackages)].sort(),
  };
}

export function encodeDebugPolicy({ longestSeconds }: Pick<DebugPolicy, "longestSeconds">): string {
  return `${JSON.stringify(schema.parse({ longestSeconds }), null, 2)}\n`;
}

/** @throws {DebugPolicyError} */
export function parseDebugPolicy(text: string): Pick<DebugPolicy, "longestSeconds"> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof z.core.$ZodError ? z.prettifyError(cause) : String(cause);
    throw new DebugPolicyError("debug-policy", `Cannot read "${DEBUG_POLICY_PATH}": ${why}`, {
      hint: "The file is written by socle build: it and what reads it are of one image.",
      cause,
    });
  }
}
