/** The agent as a program on a machine that is only data, for tests that need another process. */
import { readCredential } from "#system/credentials.ts";
import { monotonicUs } from "#system/linuxMachine.ts";
import { parseListenAddress } from "./listenAddress.ts";
import { createLog } from "./log.ts";
import { readMachineFacts } from "./machineFacts.ts";
import { createMemoryMachine } from "./memoryMachine.ts";
import { sealedMachine } from "./sealedMachine.fixture.ts";
import { startAgent } from "./startAgent.ts";

const log = createLog((line) => process.stdout.write(`${line}\n`), Date.now);
const agent = await startAgent({
  readFacts: () => readMachineFacts(createMemoryMachine(sealedMachine)),
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
