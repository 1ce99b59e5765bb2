import { SocleError } from "#progress/socleError.ts";

export type AgentErrorCode =
  | "image-description"
  | "credentials-incomplete"
  | "listen-address"
  | "cannot-listen"
  | "capture-not-available"
  | "capture-running"
  | "certificate-unusable"
  | "configuration-reverted"
  | "debug-broken-off"
  | "debug-in-use"
  | "debug-not-allowed"
  | "debug-refused"
  | "debug-unavailable"
  | "kept-access-malformed"
  | "maintenance-busy"
  | "maintenance-mode"
  | "role-insufficient"
  | "too-many-streams"
  | "updater-unavailable";

export class AgentError extends SocleError<AgentErrorCode> {
  override readonly name = "AgentError";
}
