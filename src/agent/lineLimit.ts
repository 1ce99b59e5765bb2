export interface LineRate {
  /** On the long run. */
  readonly perSecond: number;
  /** At once, after a time of quiet. */
  readonly burst: number;
}

/**
 * Who has no certificate may knock as often as they like, but not fill the journal with it: that takes so many lines of a
 * unit in so many seconds, and then drops those that matter as well. systemd-journald.service(8), RateLimitBurst=.
 */
export class LineLimit {
  readonly #rate: LineRate;
  #left: number;
  #atMs = 0;
  #leftOut = 0;

  constructor(rate: LineRate) {
    this.#rate = rate;
    this.#left = rate.burst;
  }

  /** @returns how many were left out since the last that was written; undefined: leave this one out, too */
  take(nowMs: number): number | undefined {
    const { perSecond, burst } = this.#rate;
    this.#left = Math.min(burst, this.#left + ((nowMs - this.#atMs) / 1000) * perSecond);
    this.#atMs = nowMs;
    if (this.#left < 1) {
      this.#leftOut += 1;
      return undefined;
    }
    this.#left -= 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}
