import { SocleError } from "#progress/socleError.ts";

export type LoadDefinitionErrorCode =
  | "definition-not-found"
  | "definition-wrong-extension"
  | "definition-not-readable"
  | "definition-no-default-export"
  | "definition-throws"
  | "definition-extends-itself";

/** A file from which no definition could be had at all; what is wrong inside of one is a `DefinitionError`. */
export class LoadDefinitionError extends SocleError<LoadDefinitionErrorCode> {
  override readonly name = "LoadDefinitionError";
}
