import { SocleError } from "#progress/socleError.ts";
import { isDiskFull } from "#system/diskFull.ts";
import { CommandError } from "#system/runCommand.ts";

/** A step failed through a tool or through the machine below it. */
export class BuildError extends SocleError<
  "step-failed" | "disk-full" | "keys-incomplete" | "probe-not-bundled"
> {
  override readonly name = "BuildError";
}

/**
 * Runs a step that writes below `folder`. The error of a tool, or of the machine, gets the step's
 * name; one that says by itself what was wrong, such as a package that has left the mirror, passes as it is.
 */
export async function inStep<T>(step: string, folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toBuildError(step, folder, error);
  }
}

export function toBuildError(step: string, folder: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof BuildError) return error;
  if (isDiskFull(error)) {
    return new BuildError(
      "disk-full",
      `The step "${step}" failed: there is no room left on the disk of "${folder}"`,
      {
        cause: error,
        hint: "Nothing half made was kept. Make room there: `socle cache prune` removes old results of builds.\nOr keep the cache on a larger disk: SOCLE_HOME=DIR",
      },
    );
  }
  const isTool = error instanceof CommandError && error.code === "command-failed";
  if (!isTool && !isSystemError(error)) return error;
  return new BuildError("step-failed", `The step "${step}" failed: ${error.message}`, {
    cause: error,
    ...(isTool
      ? {
          hint: "The last lines say why. Steps before this one are in the cache: the next build starts here.",
        }
      : {}),
  });
}

/** What Node throws when the kernel refuses. */
function isSystemError(error: Error): boolean {
  return "code" in error && "syscall" in error;
}
