import { SocleError } from "#progress/socleError.ts";

export type AgentErrorCode =
  | "image-description"
  | "credentials-incomplete"
  | "listen-address"
  | "cannot-listen"
  | "updater-unavailable";

export class AgentError extends SocleError<AgentErrorCode> {
  override readonly name = "AgentError";
}
