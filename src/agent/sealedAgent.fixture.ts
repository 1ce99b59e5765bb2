/** The agent as a program on a machine that is only data, for tests that need another process. */
import { readCredential } from "#system/credentials.ts";
import { createLinuxMachine, monotonicUs } from "#system/linuxMachine.ts";
import { parseListenAddress } from "./listenAddress.ts";
import { createLog } from "./log.ts";
import { readMachineFacts } from "./machineFacts.ts";
import { createMemoryMachine } from "./memoryMachine.ts";
import { readInventory } from "./readInventory.ts";
import { sealedMachine } from "./sealedMachine.fixture.ts";
import { startAgent } from "./startAgent.ts";
import { createUpdateCalls } from "./updater/updateCalls.ts";
import { Updater } from "./updater/updater.ts";
import { createUpdateSource, TRUSTED_ROOT_PATH } from "./updater/updateSource.ts";

const log = createLog((line) => process.stdout.write(`${line}\n`), Date.now);
const linux = createLinuxMachine();
const memory = createMemoryMachine(sealedMachine);
/** The trusted root is that of the test's repository. */
const machine = {
  ...memory,
  readFile: (path: string) =>
    path === TRUSTED_ROOT_PATH
      ? linux.readFile(process.env["SOCLE_TRUSTED_ROOT"] ?? "")
      : memory.readFile(path),
};
const clock = () => new Date();
const readRelease = createUpdateSource({
  machine,
  openClient: async (options) => (await import("#system/tuf/updateClient.ts")).openUpdateClient(options),
  clock,
  stateFolder: process.env["SOCLE_STATE"] ?? "",
});
const noDisk = () => Promise.reject(new TypeError("this machine is only data"));
/** It has no disk: of all calls only the one that asks a repository is of use. */
const updater = new Updater({
  machine,
  openMachine: noDisk,
  readRelease,
  readPolicy: noDisk,
  request: { read: noDisk, write: noDisk, remove: noDisk },
  newId: () => "operation",
  verdictEveryMs: 1000,
  clock,
  log,
});
const agent = await startAgent({
  readFacts: () => readMachineFacts(machine),
  readInventory: (signal) => readInventory(machine, signal),
  calls: { updates: createUpdateCalls({ updater, machine, readRelease, clock }) },
  tls: {
    certificate: (await readCredential("socle.agent.cert")) ?? "",
    key: (await readCredential("socle.agent.key")) ?? "",
    clientAuthorities: [(await readCredential("socle.agent.ca")) ?? ""],
  },
  listen: parseListenAddress(process.env["SOCLE_LISTEN"] ?? ""),
  log,
  monotonicUs,
});
log("info", "listening", { port: agent.port });
process.once("SIGTERM", () => void agent.close());
