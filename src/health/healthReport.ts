/**
 * What the health program found in one boot, kept as evidence: `HEALTH_FOLDER/BOOT_ID.json`, durable
 * before anything follows from it. The folder is where /var is, so at `total` it is gone at the next boot.
 */
export interface HealthReport {
  readonly apiVersion: "socle/v1";
  readonly kind: "HealthReport";
  readonly bootId: string;
  /** Of the kernel image that runs, which can be newer than the root's. */
  readonly version: string;
  readonly rootHash: string;
  /** SHA-256 of the kernel image's file; undefined where none of the ESP was started (a direct boot). */
  readonly ukiSha256?: string;
  readonly verdict: "pass" | "fail";
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly checks: readonly HealthCheck[];
  readonly figures: HealthFigures;
  /** Of all units at the verdict; a unit that failed here too is no fault of a later version. */
  readonly failedUnits: readonly string[];
}

export interface HealthCheck {
  /** e.g. `unit nginx.service`, `probe api`, `space /var`, `regression boot-time`. */
  readonly name: string;
  readonly verdict: "pass" | "fail";
  readonly says: string;
}

export interface HealthFigures {
  /** From the kernel's start until everything asked for was up. */
  readonly bootUs: number;
  readonly memoryBytes: number;
  readonly restarts: number;
}

export const HEALTH_FOLDER = "/var/lib/socle/health";
