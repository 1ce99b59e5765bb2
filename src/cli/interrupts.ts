import { EXIT_CODE, type ExitCode } from "./exitCode.ts";

export interface Interrupts {
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** The exit code of the signal that came; undefined while none has. */
  readonly exitCode: () => ExitCode | undefined;
  /** Stops watching. */
  readonly close: () => void;
}

const EXIT_CODE_OF_SIGNAL = { SIGINT: EXIT_CODE.interrupted, SIGTERM: EXIT_CODE.terminated } as const;
type WatchedSignal = keyof typeof EXIT_CODE_OF_SIGNAL;

/** The first signal asks for an end with clean-up, and `onFirst` says so; a second one leaves at once. */
export function watchInterrupts(onFirst: () => void): Interrupts {
  const controller = new AbortController();
  let received: WatchedSignal | undefined;

  function onSignal(signal: WatchedSignal): void {
    if (received !== undefined) process.exit(EXIT_CODE_OF_SIGNAL[signal]);
    received = signal;
    onFirst();
    controller.abort();
  }

  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    exitCode: () => (received === undefined ? undefined : EXIT_CODE_OF_SIGNAL[received]),
    close() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
