/**
 * The program that updates the machine: `node updater.mjs`, started by its socket or its timer. It ends by itself when
 * there is nothing to do. Runs under `node --jitless`: no fetch, no WebAssembly.
 */
import { randomUUID } from "node:crypto";

import { createConfigurationMachine } from "#system/configurationMachine.ts";
import { readCredential } from "#system/credentials.ts";
import { createHealthMachine } from "#system/healthMachine.ts";
import { createControlMachine } from "#system/controlMachine.ts";
import { createLinuxMachine, monotonicUs } from "#system/linuxMachine.ts";
import { readIfPresent, remove, writeAtomic } from "#system/files.ts";
import { openUpdaterMachine } from "#system/updater/openUpdaterMachine.ts";
import { SocleError } from "#progress/socleError.ts";
import { createConfigurationCalls } from "../configuration/configurationCalls.ts";
import { createApplyJudge } from "../configuration/judgeApply.ts";
import { createControlCalls } from "../control/createControlCalls.ts";
import { createEventCalls } from "../events/createEventCalls.ts";
import { EventHub } from "../events/eventHub.ts";
import { createLog } from "../log.ts";
import { UPDATER_SOCKET_PATH } from "../passCalls.ts";
import { readUpdatePolicy } from "../readUpdatePolicy.ts";
import { startUpdater } from "./startUpdater.ts";
import { Updater } from "./updater.ts";
import type { UpdaterMachine } from "./updaterMachine.ts";
import { createUpdateSource } from "./updateSource.ts";

/** What was trusted at the last look. In memory where /var is: then trust begins anew with the image's root. */
const UPDATE_STATE_FOLDER = "/var/lib/socle/tuf";
/** The folder is the unit's, and stays when systemd starts a killed updater again. */
const REQUEST_PATH = "/run/socle-updater/request.json";
const IDLE_MS = 60_000;
const LOOK_EVERY_MS = 15 * 60_000;
const VERDICT_EVERY_MS = 5_000;

const log = createLog((line) => process.stdout.write(`${line}\n`), Date.now);

async function main(): Promise<void> {
  const machine = createLinuxMachine();
  const clock = () => new Date();
  const events = new EventHub(clock);
  const configurationMachine = {
    ...createConfigurationMachine(),
    readCredential: async () => readCredential("socle.config"),
  };
  const readRelease = createUpdateSource({
    machine,
    // Loaded when a repository is first asked: most of the time an updater is asked for the state only.
    openClient: async (options) => (await import("#system/tuf/updateClient.ts")).openUpdateClient(options),
    clock,
    stateFolder: UPDATE_STATE_FOLDER,
    fetch: { environment: process.env }, // systemd's, which has the proxy of the configuration
  });
  const updater = new Updater({
    machine,
    openMachine: onceDone(async () => openUpdaterMachine((message) => log("warning", message))),
    readRelease,
    readPolicy: async () => readUpdatePolicy(configurationMachine, log),
    request: {
      read: async () => readIfPresent(REQUEST_PATH),
      write: async (text) => writeAtomic(REQUEST_PATH, text, 0o600),
      remove: async () => remove(REQUEST_PATH),
    },
    newId: randomUUID,
    verdictEveryMs: VERDICT_EVERY_MS,
    clock,
    log,
    tell: (value) => events.publish({ case: "update", value }),
  });
  const control = createControlCalls({
    machine: createControlMachine(),
    findOperation: () => updater.operations.running,
    log,
    publish: events.publish,
  });
  const configuration = createConfigurationCalls({
    machine: configurationMachine,
    judge: createApplyJudge(createHealthMachine()),
    clock,
    log,
    publish: events.publish,
  });
  const server = await startUpdater({
    updater,
    otherCalls: [control, configuration, createEventCalls({ events, listPast: () => updater.events.past })],
    machine,
    readRelease,
    clock,
    listen: findListener(),
    log,
    monotonicUs,
    idleMs: IDLE_MS,
    lookEveryMs: LOOK_EVERY_MS,
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void server.close());
  log("info", "listening", { readyUs: monotonicUs() });
  await server.ended;
}

/** The first socket that systemd passes, sd_listen_fds(3); without one, for trying things out, its own. */
function findListener(): { fd: number } | { path: string } {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  return LISTEN_FDS === "1" && LISTEN_PID === String(process.pid) ? { fd: 3 } : { path: UPDATER_SOCKET_PATH };
}

/** Opened once, at the first need; a failure is not kept. */
function onceDone(open: () => Promise<UpdaterMachine>): () => Promise<UpdaterMachine> {
  let opened: Promise<UpdaterMachine> | undefined;
  return async () => {
    opened ??= open();
    try {
      return await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
  };
}

try {
  await main();
} catch (error) {
  const hint = error instanceof SocleError ? error.hint : undefined;
  log("error", "the updater cannot run", { error, ...(hint === undefined ? {} : { hint }) });
  process.exitCode = 1;
}
