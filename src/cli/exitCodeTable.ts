import { EXIT_CODE, type ExitCode } from "./exitCode.ts";

/** The error codes that have an exit code of their own; every other failure is 1. */
const EXIT_CODE_OF_ERROR: Readonly<Record<string, ExitCode>> = {
  "no-definition": EXIT_CODE.usage,
  "needs-confirmation": EXIT_CODE.usage,
  "needs-terminal": EXIT_CODE.usage,
  "needs-reason": EXIT_CODE.usage,
  "command-unclear": EXIT_CODE.usage,
  "debug-refused": EXIT_CODE.usage,
  "debug-not-allowed": EXIT_CODE.denied,
  "signer-unclear": EXIT_CODE.usage,
  "context-incomplete": EXIT_CODE.usage,
  "machine-named-twice": EXIT_CODE.usage,
  "no-address": EXIT_CODE.usage,
  "fingerprint-malformed": EXIT_CODE.usage,
  "lifetime-too-long": EXIT_CODE.usage,
  unreachable: EXIT_CODE.unreachable,
  "server-unreachable": EXIT_CODE.unreachable,
  "server-error": EXIT_CODE.unreachable,
  "server-too-slow": EXIT_CODE.unreachable,
  "download-truncated": EXIT_CODE.unreachable,
  "updater-unavailable": EXIT_CODE.unreachable,
  "outcome-unknown": EXIT_CODE.unreachable,
  "certificate-refused": EXIT_CODE.denied,
  "machine-not-trusted": EXIT_CODE.denied,
  "fingerprint-differs": EXIT_CODE.denied,
  "role-insufficient": EXIT_CODE.denied,
  "maintenance-mode": EXIT_CODE.denied,
  "not-in-maintenance": EXIT_CODE.denied,
  "signature-malformed": EXIT_CODE.verificationFailed,
  "signature-missing": EXIT_CODE.verificationFailed,
  "signature-wrong": EXIT_CODE.verificationFailed,
  "provenance-missing": EXIT_CODE.verificationFailed,
  "provenance-mismatch": EXIT_CODE.verificationFailed,
  "provenance-untrusted": EXIT_CODE.verificationFailed,
  "release-altered": EXIT_CODE.verificationFailed,
  "root-metadata-malformed": EXIT_CODE.verificationFailed,
  "signer-wrong-key": EXIT_CODE.verificationFailed,
  "release-not-whole": EXIT_CODE.verificationFailed,
  "repository-broken": EXIT_CODE.verificationFailed,
  "wrong-hash": EXIT_CODE.verificationFailed,
  "hash-tree-malformed": EXIT_CODE.verificationFailed,
  "hash-tree-wrong": EXIT_CODE.verificationFailed,
  "image-tampered": EXIT_CODE.verificationFailed,
  "slot-damaged": EXIT_CODE.verificationFailed,
  "arbitrary-software": EXIT_CODE.verificationFailed,
  "wrong-role": EXIT_CODE.verificationFailed,
  "rollback-attack": EXIT_CODE.verificationFailed,
  "freeze-attack": EXIT_CODE.verificationFailed,
  "mix-and-match": EXIT_CODE.verificationFailed,
  "endless-data": EXIT_CODE.verificationFailed,
  "root-expired": EXIT_CODE.verificationFailed,
  "key-rotation-broken": EXIT_CODE.verificationFailed,
  "target-tampered": EXIT_CODE.verificationFailed,
  "other-project": EXIT_CODE.verificationFailed,
  "metadata-malformed": EXIT_CODE.verificationFailed,
  "release-inconsistent": EXIT_CODE.verificationFailed,
  "trusted-root-malformed": EXIT_CODE.verificationFailed,
  timeout: EXIT_CODE.timedOut,
  "vm-timeout": EXIT_CODE.timedOut,
};

/** From the codes of an error and its causes, outermost first: the first that says more than "failed". */
export function toExitCode(errorCodes: readonly string[]): ExitCode {
  for (const code of errorCodes) {
    const exitCode = EXIT_CODE_OF_ERROR[code];
    if (exitCode !== undefined) return exitCode;
  }
  return EXIT_CODE.failed;
}
