import { EXIT_CODE, type ExitCode } from "./exitCode.ts";

/** The error codes that have an exit code of their own; every other failure is 1. */
const EXIT_CODE_OF_ERROR: Readonly<Record<string, ExitCode>> = {
  "no-definition": EXIT_CODE.usage,
  "needs-confirmation": EXIT_CODE.usage,
  unreachable: EXIT_CODE.unreachable,
  "certificate-refused": EXIT_CODE.denied,
  "machine-not-trusted": EXIT_CODE.denied,
  "wrong-hash": EXIT_CODE.verificationFailed,
  timeout: EXIT_CODE.timedOut,
};

/** From the codes of an error and its causes, outermost first: the first that says more than "failed". */
export function toExitCode(errorCodes: readonly string[]): ExitCode {
  for (const code of errorCodes) {
    const exitCode = EXIT_CODE_OF_ERROR[code];
    if (exitCode !== undefined) return exitCode;
  }
  return EXIT_CODE.failed;
}
