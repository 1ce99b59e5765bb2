import type { Clock } from "./clock.ts";

/** A clock that stands still until it is told to go on. */
export class MemoryClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ intervalMs: number; nextMs: number; callback: () => void }>();

  elapsedMs(): number {
    return this.#nowMs;
  }

  date(): Date {
    return new Date(Date.UTC(2026, 10, 22, 12, 0, 0) + this.#nowMs);
  }

  every(intervalMs: number, callback: () => void): () => void {
    const timer = { intervalMs, nextMs: this.#nowMs + intervalMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Goes on by `ms`, ringing each timer as often as it falls due, in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers]
        .filter((timer) => timer.nextMs <= endMs)
        .sort((a, b) => a.nextMs - b.nextMs)[0];
      if (due === undefined) break;
      this.#nowMs = due.nextMs;
      due.nextMs += due.intervalMs;
      due.callback();
    }
    this.#nowMs = endMs;
  }

  get timerCount(): number {
    return this.#timers.size;
  }
}
