import { AgentError } from "./agentError.ts";

/** Whom a machine let in last, and who said so. All PEM. */
export interface KeptAccess {
  readonly source: "configuration" | "credential";
  readonly authorities: readonly string[];
  readonly revocations?: string | undefined;
}

export function encodeKeptAccess({ source, authorities, revocations }: KeptAccess): string {
  return `${JSON.stringify({ source, authorities, ...(revocations === undefined ? {} : { revocations }) })}\n`;
}

/** @throws {AgentError} */
export function decodeKeptAccess(text: string): KeptAccess {
  const kept = decode(text);
  if (isKeptAccess(kept)) return kept;
  throw new AgentError(
    "kept-access-malformed",
    "Cannot tell whom this machine let in last: its record is damaged",
    {
      hint: "Pass it an authority with the credential socle.agent.ca.",
    },
  );
}

function decode(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isKeptAccess(value: unknown): value is KeptAccess {
  if (typeof value !== "object" || value === null) return false;
  const { source, authorities, revocations } = value as Partial<Record<keyof KeptAccess, unknown>>;
  return (
    (source === "configuration" || source === "credential") &&
    Array.isArray(authorities) &&
    authorities.length > 0 &&
    authorities.every((authority) => typeof authority === "string") &&
    (revocations === undefined || typeof revocations === "string")
  );
}
