/** Ends what waits, unless somebody stops it before. Keeps the process from ending meanwhile. */
export class TrialTimer {
  readonly #hold: () => () => void;
  #running: { readonly timer: NodeJS.Timeout; readonly release: () => void } | undefined;

  constructor(hold: () => () => void) {
    this.#hold = hold;
  }

  /** One at a time: the one before is stopped. */
  start(durationMs: number, end: () => void): void {
    this.stop();
    this.#running = { timer: setTimeout(end, durationMs), release: this.#hold() };
  }

  stop(): void {
    if (this.#running === undefined) return;
    clearTimeout(this.#running.timer);
    this.#running.release();
    this.#running = undefined;
  }
}
