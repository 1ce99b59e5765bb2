/**
 * Runs one function probe of the definition: `node probe.mjs MODULE TIMEOUT_MS`, in the sandbox that
 * askProbe.ts makes. What the probe returns is standard output; what it throws, standard error and exit status 1.
 */
import { pathToFileURL } from "node:url";
import type { HealthProbeFunction } from "#health/healthProbeFunction.ts";

const [, , module = "", timeoutMs = ""] = process.argv;

try {
  const { default: probe } = (await import(pathToFileURL(module).href)) as { default?: HealthProbeFunction }; // as the build has checked
  if (typeof probe !== "function") throw new Error(`"${module}" has no function as its default export`);
  const says = await probe({ signal: AbortSignal.timeout(Number(timeoutMs)) });
  if (typeof says === "string") process.stdout.write(`${says}\n`);
  // A connection that it left open must not keep the answer back.
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
