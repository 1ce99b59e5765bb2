import { AgentError } from "../agentError.ts";
import type { CallerAccess, FoundAccess } from "../readAccess.ts";
import type { WaitingMachine } from "./routes.ts";
import { startMaintenance, type Maintenance, type MaintenanceOptions } from "./startMaintenance.ts";

export interface AwaitOptions extends Omit<MaintenanceOptions, "describe"> {
  readonly system: Omit<WaitingMachine, "problems">;
  readonly readAccess: () => Promise<FoundAccess>;
  /** Calls back when the configuration may have changed. @returns what ends it */
  readonly watch: (onChange: () => void) => () => void;
  /** Told when it listens, for the consoles. @returns what takes it back */
  readonly onListening: (maintenance: Maintenance, found: FoundAccess) => () => void;
  /** Aborted when the agent is to end. */
  readonly signal: AbortSignal;
}

/**
 * Maintenance mode, until there is somebody to let in: by a configuration that is given here, or in another way. Its port
 * is closed before this resolves. Undefined: the agent is to end.
 */
export async function awaitAccess(
  first: FoundAccess,
  options: AwaitOptions,
): Promise<CallerAccess | undefined> {
  const { system, readAccess, watch, onListening, log, signal } = options;
  let found = first;
  const { promise: over, resolve, reject } = Promise.withResolvers<CallerAccess | undefined>();
  const look = async () => {
    found = await readAccess();
    if (found.access !== undefined) resolve(found.access);
    return found.access !== undefined;
  };
  await using maintenance = await startMaintenance({
    ...options,
    describe: () => Promise.resolve({ ...system, problems: found.problems }),
  });
  const takeBack = onListening(maintenance, found);
  const endWatch = watch(() => {
    // What is being given now may be taken back yet, and whoever gives it waits for the answer.
    if (!maintenance.isBusy()) look().catch(reject);
  });
  maintenance.provided
    .then(async () => {
      if (!(await look()))
        throw new AgentError(
          "maintenance-mode",
          "Nobody is let in by the configuration that was just put in force",
        );
    })
    .catch(reject);
  signal.addEventListener("abort", () => resolve(undefined), { once: true });
  try {
    const access = await over;
    if (access !== undefined) log("info", "the machine has its configuration; maintenance mode ends");
    return access;
  } finally {
    takeBack();
    endWatch();
  }
}
