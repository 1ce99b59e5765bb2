/** Time as the renderers see it. */
export interface Clock {
  /** Milliseconds that only grow. */
  elapsedMs(): number;
  /** The wall clock, for machines. */
  date(): Date;
  /** Calls back again and again until the returned function is called. Never keeps the process alive. */
  every(intervalMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  elapsedMs: () => performance.now(),
  date: () => new Date(),
  every: (intervalMs, callback) => {
    const timer = setInterval(callback, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};
