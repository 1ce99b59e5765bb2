/** Calls back when nobody has held it for a while. Starts to count when it is made. */
export class IdleTimer {
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #holders = 0;
  #timer: NodeJS.Timeout;

  constructor(idleMs: number, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
    this.#timer = setTimeout(onIdle, idleMs);
  }

  /** Until what it returns is called; calling that twice does no harm. */
  hold(): () => void {
    clearTimeout(this.#timer);
    this.#holders++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holders--;
      if (this.#holders > 0) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.#onIdle, this.#idleMs);
    };
  }

  stop(): void {
    this.#holders = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
  }
}
