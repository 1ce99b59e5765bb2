/**
 * What a boot must come to before it is found good. The definition declares it, the build writes it
 * into the image (`HEALTH_CONTRACT_PATH`), the health program reads it at every boot.
 */
export interface HealthContract {
  /** Units that must be active beside multi-user.target and the agent. */
  readonly units: readonly string[];
  /** Units that may be failed. Any other that failed in this boot, and not in the last good one, is a fault. */
  readonly mayFail: readonly string[];
  readonly probes: readonly HealthProbe[];
  /** Bytes that must be free, by folder. */
  readonly freeSpace: readonly { readonly path: string; readonly bytes: number }[];
  /** How long everything must stay well before the verdict. */
  readonly soakMs: number;
  /** How long it may take until everything is well. */
  readonly timeoutMs: number;
  /** Against the last good boot of another deployment; absent: not compared. */
  readonly regression?: RegressionLimits;
}

/** Factors of at least 1: more than so many times the figure of the other deployment is a fault. */
export interface RegressionLimits {
  readonly bootTime: number;
  readonly memory: number;
  /** Of units, by systemd. The first two are never a fault. */
  readonly restarts: number;
}

export type HealthProbe = { readonly name: string; readonly timeoutMs: number } & (
  | { readonly kind: "http"; readonly url: string; readonly status: number }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  /** Run without privileges, network or a writable file system. */
  | { readonly kind: "command"; readonly command: readonly [string, ...string[]] }
  /** A module of the definition, bundled into the image; its default export is the probe. */
  | { readonly kind: "function"; readonly module: string }
);

export const HEALTH_CONTRACT_PATH = "/usr/lib/socle/health.json";
