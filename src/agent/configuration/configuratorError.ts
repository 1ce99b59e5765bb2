import { SocleError } from "#progress/socleError.ts";

export type ConfiguratorErrorCode =
  /** One at a time. */
  | "configuration-busy"
  /** Another generation waits to be confirmed. */
  | "configuration-on-trial"
  | "generation-unknown"
  /** Nothing of that number waits to be confirmed. */
  | "trial-unknown"
  /** The disk takes nothing more; nothing was changed. */
  | "configuration-not-stored";

/** Why a configuration is neither applied nor confirmed. */
export class ConfiguratorError extends SocleError<ConfiguratorErrorCode> {
  override readonly name = "ConfiguratorError";
}
