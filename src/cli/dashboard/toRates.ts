import type { GetLoadResponse } from "#protocol/gen/socle/v1/observe_pb.ts";

/** What happened between two answers, a second. */
export interface Rates {
  /** 0 to 1, of all processors. */
  readonly cpu: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly diskReadBytes: number;
  readonly diskWrittenBytes: number;
}

/** Undefined when no time lies between them. An interface or disk that has gone takes its count along: that is 0. */
export function toRates(before: GetLoadResponse, after: GetLoadResponse): Rates | undefined {
  const us = Number(after.atUs - before.atUs);
  if (us <= 0) return undefined;
  const each = (name: "receivedBytes" | "sentBytes" | "diskReadBytes" | "diskWrittenBytes") =>
    Math.max(0, (Number(after[name] - before[name]) / us) * 1e6);
  const busy = Number(after.busyUs - before.busyUs) / (us * Math.max(1, after.processors));
  return {
    cpu: Math.min(1, Math.max(0, busy)),
    receivedBytes: each("receivedBytes"),
    sentBytes: each("sentBytes"),
    diskReadBytes: each("diskReadBytes"),
    diskWrittenBytes: each("diskWrittenBytes"),
  };
}
