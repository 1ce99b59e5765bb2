/**
 * The program on the device: `node agent.mjs`. Its unit passes credentials and, where another address is wanted,
 * SOCLE_LISTEN. Runs under `node --jitless`: no fetch, no WebAssembly.
 */
import { join } from "node:path";

import { ConfigurationService } from "#protocol/gen/socle/v1/configuration_pb.ts";
import { ControlService } from "#protocol/gen/socle/v1/control_pb.ts";
import { ObserveService } from "#protocol/gen/socle/v1/observe_pb.ts";
import { UpdateService } from "#protocol/gen/socle/v1/update_pb.ts";
import { readCredential } from "#system/credentials.ts";
import { readIfPresent, writeAtomic } from "#system/files.ts";
import { createLinuxMachine, monotonicUs } from "#system/linuxMachine.ts";
import { notifyReady } from "#system/notifyReady.ts";
import { createObservedMachine } from "#system/observedMachine.ts";
import { watchFiles } from "#system/watchFiles.ts";
import { SocleError } from "#progress/socleError.ts";
import { toFingerprint } from "#trust/fingerprint.ts";
import { createAudit } from "./audit.ts";
import { CONFIGURATION_OUTCOME_PATH } from "./configuration/configurationOutcome.ts";
import { GENERATIONS_FOLDER } from "./configuration/readGenerations.ts";
import { createDebugCalls } from "./debug/createDebugCalls.ts";
import { keepMark } from "./debug/keepMark.ts";
import { EventHub } from "./events/eventHub.ts";
import { IMAGE_DESCRIPTION_PATH, parseImageDescription } from "./facts/imageDescription.ts";
import { findDocument } from "./findDocument.ts";
import { followAccess } from "./followAccess.ts";
import { ensureIdentity } from "./identity/ensureIdentity.ts";
import type { OwnIdentity } from "./identity/machineIdentity.ts";
import { makeIdentity } from "./identity/makeIdentity.ts";
import { DEFAULT_LISTEN_ADDRESS, parseListenAddress, type ListenAddress } from "./listenAddress.ts";
import { createLog } from "./log.ts";
import { readMachineFacts, readText } from "./machineFacts.ts";
import { applyFirstConfiguration } from "./maintenance/applyFirstConfiguration.ts";
import { awaitAccess } from "./maintenance/awaitAccess.ts";
import { keepNotice, NOTICE_FILE, type NoticeOptions } from "./notice/keepNotice.ts";
import { renderMaintenanceNotice, renderReadyNotice } from "./notice/renderNotice.ts";
import { createObserveCalls } from "./observe/createObserveCalls.ts";
import { readObserveOptions } from "./observe/readObserveOptions.ts";
import { passCalls } from "./passCalls.ts";
import {
  AUTHORITY_CREDENTIAL,
  KEPT_ACCESS_FILE,
  readAccess,
  type CallerAccess,
  type FoundAccess,
} from "./readAccess.ts";
import { readInventory } from "./readInventory.ts";
import { shareReads } from "./shareReads.ts";
import { startAgent } from "./startAgent.ts";
import { toStatus } from "./status.ts";
import { AGENT_VERSION } from "./version.ts";

/** What its unit gives it: StateDirectory=, RuntimeDirectory=. systemd.exec(5) */
const STATE_FOLDER = process.env["STATE_DIRECTORY"] ?? "/var/lib/socle/agent";
const RUNTIME_FOLDER = process.env["RUNTIME_DIRECTORY"] ?? "/run/socle-agent";

/** How often somebody looks whether the configuration is another one, or an address has come. */
const LOOK_EVERY_MS = 2_000;
/** Making a key takes long where the processor is emulated. */
const MAKE_TIMEOUT_MS = 120_000;

const log = createLog((line) => process.stdout.write(`${line}\n`), Date.now);
const audit = createAudit(log);
const machine = createLinuxMachine();
const observed = createObservedMachine();
const { machine: looked, forget: forgetMark } = keepMark(machine);
/** As they were read last. */
let authoritySources: FoundAccess["sources"] = new Map();
const readFacts = shareReads(() => readMachineFacts(looked));

async function main(): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort());
  const listen = parseListenAddress(process.env["SOCLE_LISTEN"] ?? DEFAULT_LISTEN_ADDRESS);
  const identity = await ensureIdentity({
    readCredential,
    readText: (file) => readIfPresent(join(STATE_FOLDER, file)),
    writePrivate: (file, text) => writeAtomic(join(STATE_FOLDER, file), text, 0o600),
    make: () => makeIdentity(createLinuxMachine({ programTimeoutMs: MAKE_TIMEOUT_MS })),
    log,
  });
  const access = await findCallers(listen, identity, stopping.signal);
  if (access !== undefined) await serve(listen, identity, access, stopping.signal);
}

/** Waits for somebody to configure the machine, where nobody is let in. Undefined: the agent is to end. */
async function findCallers(
  listen: ListenAddress,
  identity: OwnIdentity,
  signal: AbortSignal,
): Promise<CallerAccess | undefined> {
  const found = await readMachineAccess();
  if (found.access !== undefined) return found.access;
  const { fingerprint } = identity;
  const system = await readSystem();
  return awaitAccess(found, {
    identity,
    listen,
    log,
    audit,
    monotonicUs,
    system,
    apply: applyFirstConfiguration,
    readAccess: readMachineAccess,
    watch: watchConfiguration,
    onListening: ({ port }, { problems }) => {
      const message =
        "maintenance mode: nobody is let in yet; whoever reaches this port may configure the machine";
      log("warning", message, { host: listen.host, port, fingerprint });
      notifyReady().catch((error: unknown) => log("error", "systemd cannot be told", { error }));
      const isRefused = problems.length > 0;
      const notice = { system: `${system.id} ${system.version}`, port, fingerprint, isRefused };
      return show(listen, false, (addresses) => renderMaintenanceNotice({ ...notice, addresses }));
    },
    signal,
  });
}

async function serve(
  listen: ListenAddress,
  identity: OwnIdentity,
  access: CallerAccess,
  signal: AbortSignal,
): Promise<void> {
  const updates = passCalls(UpdateService);
  const events = new EventHub(() => new Date());
  let inForce = access;
  const agentFacts = { version: AGENT_VERSION, nodeVersion: process.version, readyUs: monotonicUs() };
  const observeOptions = await readObserveOptions({
    machine: observed,
    ownPort: listen.port,
    readStatus: async () => toStatus(await readFacts(), agentFacts),
    updates,
    certificates: {
      own: { certificate: identity.certificate, source: identity.source },
      readAccess: () => inForce,
      readAuthoritySources: () => authoritySources,
      findDocument: findMachineDocument,
    },
    events,
    watchPrivileged: passCalls(ObserveService).watchEvents,
    clock: Date.now,
  });
  const agent = await startAgent({
    readFacts,
    readInventory: (gone) => readInventory(machine, gone),
    calls: {
      updates,
      observe: createObserveCalls(observeOptions),
      configuration: passCalls(ConfigurationService),
      control: passCalls(ControlService),
      debug: createDebugCalls(machine, { onSession: forgetMark, publish: events.publish }),
    },
    tls: { ...identity, ...access },
    listen,
    log,
    audit,
    monotonicUs,
  });
  const follow = followAccess({
    access,
    readAccess: readMachineAccess,
    reload: async (next) => {
      const { authorities, revoked } = await agent.reloadAccess({ ...identity, ...next });
      inForce = next;
      const fingerprints = authorities.map(({ raw }) => toFingerprint(raw));
      events.publish({ case: "access", value: { authorities: fingerprints, revoked: revoked.size } });
    },
    log,
  });
  const endWatch = watchConfiguration(() => void follow());
  const close = () => {
    endWatch();
    void agent.close();
  };
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) return close();
  void follow(); // what was put in force after it was read, and before it was watched
  log("info", "listening", {
    host: listen.host,
    port: agent.port,
    version: AGENT_VERSION,
    fingerprint: identity.fingerprint,
    readyUs: monotonicUs(),
  });
  await notifyReady();
  const { id, version } = await readSystem();
  const notice = { system: `${id} ${version}`, port: agent.port, fingerprint: identity.fingerprint };
  const endNotice = show(listen, true, (addresses) => renderReadyNotice({ ...notice, addresses }));
  signal.addEventListener("abort", endNotice, { once: true });
}

function findMachineDocument() {
  const documents = {
    readText: readIfPresent,
    listFolder: machine.listFolder,
    readCredential: () => readCredential("socle.config"),
  };
  return findDocument(documents, log);
}

async function readMachineAccess(): Promise<FoundAccess> {
  const found = await readAccess({
    findDocument: findMachineDocument,
    readAuthority: () => readCredential(AUTHORITY_CREDENTIAL),
    readKept: () => readIfPresent(join(STATE_FOLDER, KEPT_ACCESS_FILE)),
    writeKept: (text) => writeAtomic(join(STATE_FOLDER, KEPT_ACCESS_FILE), text, 0o600),
    log,
  });
  authoritySources = found.sources;
  return found;
}

function watchConfiguration(onChange: () => void): () => void {
  return watchFiles([CONFIGURATION_OUTCOME_PATH, GENERATIONS_FOLDER], LOOK_EVERY_MS, onChange);
}

function show(listen: ListenAddress, isOnce: boolean, render: NoticeOptions["render"]): () => void {
  return keepNotice({
    listen,
    render,
    listAddresses: observed.listAddresses,
    show: (text) => writeAtomic(join(RUNTIME_FOLDER, NOTICE_FILE), text),
    isOnce,
    everyMs: LOOK_EVERY_MS,
    log,
  });
}

/** Which system this is, for whoever looks at it from outside. One that cannot tell is answered and configured all the same. */
async function readSystem() {
  try {
    const text = await readText(machine, IMAGE_DESCRIPTION_PATH);
    const { id, version, level } = parseImageDescription(text ?? "");
    return { id, version, level };
  } catch (error) {
    log("error", "the machine cannot tell which system it runs", { error });
    return { id: "unknown", version: "", level: "" };
  }
}

try {
  await main();
} catch (error) {
  const hint = error instanceof SocleError ? error.hint : undefined;
  log("error", "the agent cannot run", { error, ...(hint === undefined ? {} : { hint }) });
  process.exitCode = 1;
}
