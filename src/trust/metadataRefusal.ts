import { LengthOrHashMismatchError, UnsignedMetadataError } from "@tufjs/models/dist/error.js";
import { BadVersionError, ExpiredMetadataError, RepositoryError } from "tuf-js/dist/error.js";

import { type ReferenceTime, toClockHint } from "./referenceTime.ts";
import { UpdateError, type UpdateErrorCode } from "./updateError.ts";

/** The version, and that it is of the right role: before tuf-js, whose words do not tell these from other faults. */
export function readHeader(
  bytes: Uint8Array,
  wanted: "root" | "timestamp" | "snapshot" | "targets",
): { version: number } {
  let type: unknown;
  let version: unknown;
  try {
    const { signed } = JSON.parse(decode(bytes)) as { signed: Record<string, unknown> };
    ({ _type: type, version } = signed);
  } catch (cause) {
    throw new UpdateError("metadata-malformed", `Refused the ${wanted} metadata: it is not TUF metadata`, {
      cause,
    });
  }
  if (type !== wanted) {
    throw new UpdateError(
      "wrong-role",
      `Refused the ${wanted} metadata: it says that it is of the role ${JSON.stringify(type) ?? "of nothing"}`,
    );
  }
  if (!Number.isSafeInteger(version))
    throw new UpdateError(
      "metadata-malformed",
      `Refused the ${wanted} metadata: its version is not a whole number`,
    );
  return { version: Number(version) };
}

/** Where a refusal means something else than it usually does, and what is known of the time. */
interface Meaning {
  readonly unsigned?: UpdateErrorCode;
  readonly version?: UpdateErrorCode;
  readonly missing?: UpdateErrorCode;
  readonly time?: ReferenceTime;
  readonly server?: Date | undefined;
}

/** One table: what each of tuf-js's refusals means. */
export function toRefusal(what: string, cause: unknown, meaning: Meaning): UpdateError {
  if (cause instanceof UpdateError) return cause;
  const hint =
    cause instanceof ExpiredMetadataError && meaning.time !== undefined
      ? toClockHint(meaning.time, meaning.server)
      : undefined;
  return new UpdateError(toCode(cause, meaning), `Refused the ${what}: ${toMessage(cause)}`, { cause, hint });
}

function toCode(cause: unknown, meaning: Meaning): UpdateErrorCode {
  if (cause instanceof UnsignedMetadataError) return meaning.unsigned ?? "arbitrary-software";
  if (cause instanceof LengthOrHashMismatchError) return "mix-and-match";
  if (cause instanceof ExpiredMetadataError) return "freeze-attack";
  if (cause instanceof BadVersionError) return meaning.version ?? "rollback-attack";
  if (cause instanceof RepositoryError) return meaning.missing ?? "metadata-malformed";
  return "metadata-malformed";
}

export function toExpired(
  what: string,
  expires: string | undefined,
  time: ReferenceTime,
  server: Date | undefined,
  code: UpdateErrorCode = "freeze-attack",
): UpdateError {
  return new UpdateError(code, `Refused the ${what}: it expired at ${expires ?? "an unknown time"}`, {
    hint: toClockHint(time, server),
  });
}

export function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

export function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
