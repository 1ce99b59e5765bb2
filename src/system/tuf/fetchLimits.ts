/** What is asked of a server; one that is slower or goes on longer is refused. */
export interface FetchLimits {
  /** To find the server, connect and agree on TLS. */
  readonly connectTimeoutMs: number;
  /** At least `windowBytes` must arrive, or the end, in each such span of waiting for the server. */
  readonly windowMs: number;
  readonly windowBytes: number;
  readonly redirects: number;
  /** How often a download that broke off in the middle is taken up again. */
  readonly reconnects: number;
}

/** 1 KiB/s over half a minute: a bad mobile connection passes, a server that drips does not. */
export const DEFAULT_FETCH_LIMITS: FetchLimits = {
  connectTimeoutMs: 15_000,
  windowMs: 30_000,
  windowBytes: 30 * 1024,
  redirects: 5,
  reconnects: 5,
};
