/** What the exit status says, so that a script need not read a message. Also in docs/cli.md. */
export const EXIT_CODE = {
  ok: 0,
  failed: 1,
  /** Of a comparison, as of diff(1): its failures are 2 where others' are 1. */
  differs: 1,
  usage: 2,
  unreachable: 3,
  denied: 4,
  verificationFailed: 5,
  /** While waiting; what was waited for goes on. */
  timedOut: 6,
  rolledBack: 7,
  /** 128 + the signal's number, as every shell expects. */
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];
