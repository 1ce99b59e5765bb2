import type { UpdateErrorCode } from "#trust/updateError.ts";

/** Why a repository gave no release. `why` shows it as a closed gate, not as an error. */
export interface RepositoryFailure {
  readonly gate: "channel" | "network" | "trust";
  readonly says: string;
  readonly hint?: string;
  /** Everything was refused as expired: the machine's clock may be ahead. */
  readonly isExpiry: boolean;
}

/** Codes that are not here say that something was refused: the gate `trust`. */
const GATES: Partial<Record<UpdateErrorCode, RepositoryFailure["gate"]>> = {
  "server-unreachable": "network",
  "server-error": "network",
  "server-too-slow": "network",
  "download-truncated": "network",
  "channel-unknown": "channel",
  "version-unknown": "channel",
};

const EXPIRIES: readonly UpdateErrorCode[] = ["freeze-attack", "root-expired"];

export function toRepositoryFailure(error: {
  readonly code: UpdateErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
}): RepositoryFailure {
  const { code, message, hint } = error;
  return {
    gate: GATES[code] ?? "trust",
    says: message,
    ...(hint === undefined ? {} : { hint }),
    isExpiry: EXPIRIES.includes(code),
  };
}
