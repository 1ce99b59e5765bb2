import type { HealthReport } from "./healthReport.ts";

export const SHA_A = "a".repeat(64);
export const SHA_B = "b".repeat(64);

/** A good boot of 1.1. */
export function makeReport(changes: Partial<HealthReport> = {}): HealthReport {
  return {
    apiVersion: "socle/v1",
    kind: "HealthReport",
    bootId: "11111111-1111-4111-8111-111111111111",
    version: "1.1",
    rootHash: SHA_A,
    ukiSha256: SHA_A,
    verdict: "pass",
    at: "2026-05-01T12:00:00.000Z",
    checks: [{ name: "unit multi-user.target", verdict: "pass", says: "is active" }],
    figures: { bootUs: 24_000_000, memoryBytes: 200 * 2 ** 20, restarts: 1 },
    failedUnits: [],
    ...changes,
  };
}
