import { SocleError } from "#progress/socleError.ts";

export type AgentErrorCode =
  | "image-description"
  | "credentials-incomplete"
  | "listen-address"
  | "cannot-listen"
  | "certificate-unusable"
  | "role-insufficient"
  | "updater-unavailable";

export class AgentError extends SocleError<AgentErrorCode> {
  override readonly name = "AgentError";
}
