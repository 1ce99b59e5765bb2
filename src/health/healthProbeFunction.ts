export interface HealthProbeContext {
  /** Aborts when the probe's time is over. */
  readonly signal: AbortSignal;
}

/**
 * A question to the running system. It runs on the machine, in a process of its own without
 * privileges, with the network and without a writable file system, under Node without JIT compiler:
 * there is no `fetch` and no WebAssembly; `node:http` and `node:net` are there. What it throws is a
 * fault, told by its message; a text that it returns is shown.
 *
 * ```ts
 * const probe: HealthProbeFunction = async ({ signal }) => { … };
 * export default probe;
 * ```
 */
export type HealthProbeFunction = (context: HealthProbeContext) => void | string | Promise<void | string>;
