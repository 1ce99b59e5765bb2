import { SocleError } from "#progress/socleError.ts";

/** A contract or a report that is not in its form. */
export class HealthError extends SocleError<"health-contract-malformed" | "health-report-malformed"> {
  override readonly name = "HealthError";
}
