/** The agent as a program on a machine that is only data, for tests that need another process. */
import { readCredential } from "#system/credentials.ts";
import { createLinuxMachine, monotonicUs } from "#system/linuxMachine.ts";
import { TRUSTED_ROOT_PATH, createUpdateCheck } from "./checkUpdate.ts";
import { parseListenAddress } from "./listenAddress.ts";
import { createLog } from "./log.ts";
import { readMachineFacts } from "./machineFacts.ts";
import { createMemoryMachine } from "./memoryMachine.ts";
import { readInventory } from "./readInventory.ts";
import { sealedMachine } from "./sealedMachine.fixture.ts";
import { startAgent } from "./startAgent.ts";

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
const agent = await startAgent({
  readFacts: () => readMachineFacts(machine),
  readInventory: (signal) => readInventory(machine, signal),
  checkUpdate: createUpdateCheck({
    machine,
    openClient: async (options) => (await import("#system/tuf/updateClient.ts")).openUpdateClient(options),
    clock: () => new Date(),
    stateFolder: process.env["SOCLE_STATE"] ?? "",
  }),
  tls: {
    certificate: (await readCredential("socle.agent.cert")) ?? "",
    key: (await readCredential("socle.agent.key")) ?? "",
    clientAuthority: (await readCredential("socle.agent.ca")) ?? "",
  },
  listen: parseListenAddress(process.env["SOCLE_LISTEN"] ?? ""),
  log,
  monotonicUs,
});
log("info", "listening", { port: agent.port });
process.once("SIGTERM", () => void agent.close());
