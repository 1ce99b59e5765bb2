/**
 * The program on the device: `node agent.mjs`. Its unit passes the keys as systemd credentials and, where
 * another address is wanted, SOCLE_LISTEN. Runs under `node --jitless`: no fetch, no WebAssembly.
 */
import { ConfigurationService } from "#protocol/gen/socle/v1/configuration_pb.ts";
import { ControlService } from "#protocol/gen/socle/v1/control_pb.ts";
import { UpdateService } from "#protocol/gen/socle/v1/update_pb.ts";
import { createLinuxMachine, monotonicUs } from "#system/linuxMachine.ts";
import { readCredential } from "#system/credentials.ts";
import { notifyReady } from "#system/notifyReady.ts";
import { createObservedMachine } from "#system/observedMachine.ts";
import { SocleError } from "#progress/socleError.ts";
import { AgentError } from "./agentError.ts";
import { DEFAULT_LISTEN_ADDRESS, parseListenAddress } from "./listenAddress.ts";
import { ensureBootOptions } from "./ensureBootOptions.ts";
import { createLog } from "./log.ts";
import { readMachineFacts, readRunningPartition } from "./machineFacts.ts";
import { createObserveCalls } from "./observe/createObserveCalls.ts";
import { readObserveOptions } from "./observe/readObserveOptions.ts";
import { passCalls } from "./passCalls.ts";
import { readInventory } from "./readInventory.ts";
import { startAgent, type AgentTls } from "./startAgent.ts";
import { toStatus } from "./status.ts";
import { AGENT_VERSION } from "./version.ts";

const CERTIFICATE = "socle.agent.cert";
const KEY = "socle.agent.key";
const CLIENT_AUTHORITY = "socle.agent.ca";

const log = createLog((line) => process.stdout.write(`${line}\n`), Date.now);

/** Undefined when the machine was given none at all; some without the others is an error. */
async function readAccess(): Promise<AgentTls | undefined> {
  const [certificate, key, clientAuthority] = await Promise.all([
    readCredential(CERTIFICATE),
    readCredential(KEY),
    readCredential(CLIENT_AUTHORITY),
  ]);
  if (certificate && key && clientAuthority)
    return { certificate, key, clientAuthorities: [clientAuthority] };
  if (!certificate && !key && !clientAuthority) return undefined;
  const missing = [!certificate && CERTIFICATE, !key && KEY, !clientAuthority && CLIENT_AUTHORITY].filter(
    Boolean,
  );
  throw new AgentError(
    "credentials-incomplete",
    `Cannot let anybody in: no credential "${missing.join('", "')}"`,
    {
      hint: `Pass ${CERTIFICATE}, ${KEY} and ${CLIENT_AUTHORITY} together, or none of them.`,
    },
  );
}

async function main(): Promise<void> {
  const tls = await readAccess();
  if (tls === undefined) {
    log(
      "warning",
      `no access is configured: no credentials ${CERTIFICATE}, ${KEY}, ${CLIENT_AUTHORITY}; nothing to do`,
    );
    return;
  }
  const machine = createLinuxMachine();
  const listen = parseListenAddress(process.env["SOCLE_LISTEN"] ?? DEFAULT_LISTEN_ADDRESS);
  const updates = passCalls(UpdateService);
  const agentFacts = { version: AGENT_VERSION, nodeVersion: process.version, readyUs: monotonicUs() };
  const observeOptions = await readObserveOptions({
    machine: createObservedMachine(),
    ownPort: listen.port,
    readStatus: async () => toStatus(await readMachineFacts(machine), agentFacts),
    updates,
    clock: Date.now,
  });
  const agent = await startAgent({
    readFacts: () => readMachineFacts(machine),
    readInventory: (signal) => readInventory(machine, signal),
    calls: {
      updates,
      observe: createObserveCalls(observeOptions),
      configuration: passCalls(ConfigurationService),
      control: passCalls(ControlService),
    },
    tls,
    listen,
    log,
    monotonicUs,
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void agent.close());
  log("info", "listening", {
    host: listen.host,
    port: agent.port,
    version: AGENT_VERSION,
    readyUs: monotonicUs(),
  });
  await notifyReady();
  await keepBootOptions(machine);
}

/** A firmware that takes no more variables is a pity, and no reason to stop answering. */
async function keepBootOptions(machine: ReturnType<typeof createLinuxMachine>): Promise<void> {
  try {
    const { image, rootPartition } = await readRunningPartition(machine);
    if (rootPartition !== undefined) await ensureBootOptions(machine, image, rootPartition.device, log);
  } catch (error) {
    log("warning", "the boot options of the firmware could not be seen to", { error });
  }
}

try {
  await main();
} catch (error) {
  const hint = error instanceof SocleError ? error.hint : undefined;
  log("error", "the agent cannot run", { error, ...(hint === undefined ? {} : { hint }) });
  process.exitCode = 1;
}
