/**
 * How long to wait before a machine is asked once more. Each answer takes an emulated one a second of its only processor, in
 * which it does not boot: a quarter of its time goes into them at most, more only where one takes longer than five seconds.
 * @param atLeastMs for a machine that answers at once
 * @param answerMs how long the last answer took, or its absence
 */
export function toPauseMs(atLeastMs: number, answerMs: number): number {
  return Math.min(Math.max(atLeastMs, 3 * answerMs), Math.max(atLeastMs, MOST_MS));
}

/** Nobody who looks on should think that nothing happens any more. */
const MOST_MS = 15_000;
