/** The agent over loopback, and a session in a terminal of this host, below a folder of its own: script(1) and a shell, no sandbox. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";

import { DEBUG_POLICY_PATH, encodeDebugPolicy } from "#definition/debugPolicy.ts";
import { createDebugHost } from "#system/debug/createDebugHost.ts";
import { createLinuxMachine } from "#system/linuxMachine.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";

import type { Publish } from "../events/eventHub.ts";
import { createLog } from "../log.ts";
import { readMachineFacts, readText } from "../machineFacts.ts";
import { createMemoryMachine } from "../memoryMachine.ts";
import { sealedMachine } from "../sealedMachine.fixture.ts";
import { startAgent } from "../startAgent.ts";
import { createDebugCalls } from "./createDebugCalls.ts";
import type { DebugHost } from "./debugHost.ts";
import { openFrameChannel } from "./frames.ts";
import { keepMark } from "./keepMark.ts";
import { serveSession } from "./serveSession.ts";

const access = await createDevelopmentAccess({ name: "edge-01", now: new Date(), days: 1 });

export interface DebuggedAgent extends AsyncDisposable {
  readonly access: {
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly caPem: string;
    readonly certPem: string;
    readonly keyPem: string;
  };
  /** Of the agent. */
  readonly log: readonly string[];
  /** What whoever watches was told. */
  readonly events: readonly Parameters<Publish>[0][];
  /** Of the session's own process. */
  readonly sessionLog: readonly string[];
  /** What lies at a path of the machine; undefined where nothing does. */
  readonly readText: (path: string) => Promise<string | undefined>;
  /** Connections of the agent to sessions that are open. */
  readonly connections: ReadonlySet<Socket>;
}

export interface DebuggedOptions {
  /** Absent: the image allows no sessions. */
  readonly longestSeconds?: number;
  readonly host?: (real: DebugHost) => DebugHost;
}

/** @param root an empty folder, which stands for the machine's root */
export async function startDebuggedAgent(root: string, options: DebuggedOptions): Promise<DebuggedAgent> {
  const at = (path: string) => join(root, path);
  const real = createDebugHost();
  const host: DebugHost = {
    readFile: (path) => real.readFile(at(path)),
    writeDurably: (path, text) => real.writeDurably(at(path), text),
    openTerminal: ({ recording, timing, ...request }) =>
      real.openTerminal({ ...request, recording: at(recording), timing: at(timing) }),
  };
  if (options.longestSeconds !== undefined) {
    const { longestSeconds } = options;
    await host.writeDurably(DEBUG_POLICY_PATH, encodeDebugPolicy({ longestSeconds }));
  }

  const sessionLog: string[] = [];
  const connections = new Set<Socket>();
  let sessions = 0;
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
    const channel = openFrameChannel(socket);
    sessions += 1;
    const chance = sessions.toString(16).padStart(4, "0");
    const log = createLog((line) => sessionLog.push(line), Date.now);
    serveSession(channel, {
      host: options.host?.(host) ?? host,
      clock: () => new Date(),
      chance: () => chance,
      log,
      owner: "socle-debug@0.service",
      plan: ({ command }) => ({ words: command.length === 0 ? ["sh"] : command }),
    })
      .catch((error: unknown) => log("error", "there was no debug session, or it broke off", { error }))
      .finally(() => channel.close());
  });
  const socketPath = at("debug.sock");
  server.listen(socketPath);
  await once(server, "listening");

  const log: string[] = [];
  const events: Parameters<Publish>[0][] = [];
  const linux = createLinuxMachine();
  const memory = createMemoryMachine(sealedMachine);
  const { machine: seen, forget } = keepMark({
    ...memory,
    readFile: (path) => (path.startsWith("/boot/") ? linux.readFile(at(path)) : memory.readFile(path)),
  });
  const agent = await startAgent({
    readFacts: () => readMachineFacts(seen),
    readInventory: async function* () {},
    calls: {
      updates: {},
      debug: createDebugCalls(
        {
          readFile: (path) => linux.readFile(at(path)),
          readEntry: (path) => linux.readEntry(at(path)),
          listFolder: (path) => linux.listFolder(at(path)),
        },
        { socketPath, onSession: forget, publish: (event) => events.push(event) },
      ),
    },
    tls: { certificate: access.server.cert, key: access.server.key, clientAuthorities: [access.ca] },
    listen: { host: "127.0.0.1", port: 0 },
    log: createLog((line) => log.push(line), Date.now),
    monotonicUs: () => 9_000_000,
  });
  const machine = {
    name: "edge-01",
    host: "127.0.0.1",
    port: agent.port,
    caPem: access.ca,
    certPem: access.client.cert,
    keyPem: access.client.key,
  };
  return {
    access: machine,
    log,
    events,
    sessionLog,
    connections,
    readText: (path) => readText(host, path),
    async [Symbol.asyncDispose]() {
      await agent.close();
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
