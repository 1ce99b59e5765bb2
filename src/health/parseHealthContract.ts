// zod/mini: a third of the size in the bundle, and no code made at run time.
import * as z from "zod/mini";
import { encodeCanonicalJson } from "#release/canonicalJson.ts";
import { HEALTH_CONTRACT_PATH, type HealthContract } from "./healthContract.ts";
import { HealthError } from "./healthError.ts";

// zod/mini comes without words for its errors.
z.config(z.locales.en());

const text = z.string().check(z.minLength(1));
const count = z.int().check(z.nonnegative());
const factor = z.number().check(z.gte(1));
const common = {
  name: z.string().check(z.regex(/^[a-z0-9.-]{1,32}$/)),
  timeoutMs: z.int().check(z.positive()),
};

const contract = z.strictObject({
  units: z.array(text),
  mayFail: z.array(text),
  probes: z.array(
    z.discriminatedUnion("kind", [
      z.strictObject({ ...common, kind: z.literal("http"), url: text, status: z.int() }),
      z.strictObject({ ...common, kind: z.literal("tcp"), host: text, port: z.int() }),
      z.strictObject({ ...common, kind: z.literal("command"), command: z.tuple([text], z.string()) }),
      z.strictObject({ ...common, kind: z.literal("function"), module: text }),
    ]),
  ),
  freeSpace: z.array(z.strictObject({ path: text, bytes: count })),
  soakMs: count,
  timeoutMs: z.int().check(z.positive()),
  regression: z.optional(z.strictObject({ bootTime: factor, memory: factor, restarts: factor })),
});

/** The bytes of `HEALTH_CONTRACT_PATH`. */
export function encodeHealthContract(value: HealthContract): string {
  return encodeCanonicalJson(value);
}

/** @throws {HealthError} for what the build of this version would not have written. */
export function parseHealthContract(written: string): HealthContract {
  try {
    return contract.parse(JSON.parse(written)) as HealthContract; // apart from `undefined` in optional keys, which JSON has not
  } catch (error) {
    const why = error instanceof z.core.$ZodError ? z.prettifyError(error) : String(error);
    throw new HealthError("health-contract-malformed", `Cannot read "${HEALTH_CONTRACT_PATH}": ${why}`, {
      cause: error,
    });
  }
}
