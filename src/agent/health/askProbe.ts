import { request } from "node:http";
import { connect } from "node:net";
import { formatMs } from "#definition/duration.ts";
import type { HealthProbe } from "#health/healthContract.ts";
import type { ProbeFacts } from "#health/healthFacts.ts";
import type { HealthMachine } from "./healthMachine.ts";
import { PROBE_UNIT_PREFIX } from "./readUnits.ts";

/** Asks one probe. It never rejects: what goes wrong is the answer. */
export async function askProbe(machine: Pick<HealthMachine, "ask">, probe: HealthProbe): Promise<ProbeFacts> {
  const { name } = probe;
  try {
    return { name, isWell: true, says: await answerOf(machine, probe) };
  } catch (error) {
    return { name, isWell: false, says: error instanceof Error ? error.message : String(error) };
  }
}

function answerOf(machine: Pick<HealthMachine, "ask">, probe: HealthProbe): Promise<string> {
  switch (probe.kind) {
    case "http":
      return within(probe.timeoutMs, (signal) => askHttp(probe, signal));
    case "tcp":
      return within(probe.timeoutMs, (signal) => askTcp(probe, signal));
    case "command":
      return askProgram(machine, probe, ["--property=PrivateNetwork=yes"], probe.command);
    case "function":
      // Whether it can reach others is a fair question of a machine, so it has the network.
      return askProgram(machine, probe, [], [...NODE, PROBE_PROGRAM, probe.module, String(probe.timeoutMs)]);
  }
}

/** As all programs of the machine: the kernel runs no code that was made in memory. */
const NODE = ["/usr/lib/socle/node", "--jitless", "--optimize-for-size"];
const PROBE_PROGRAM = "/usr/lib/socle/probe.mjs";

async function within<T>(timeoutMs: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await ask(signal);
  } catch (error) {
    if (signal.aborted) throw new Error(`no answer within ${formatMs(timeoutMs)}`, { cause: error });
    throw error;
  }
}

const SHOWN_CHARACTERS = 200;

function askHttp(
  { url, status }: Extract<HealthProbe, { kind: "http" }>,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { signal, agent: false, headers: { "user-agent": "socle-health" } });
    asking.once("error", reject);
    asking.once("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.once("error", reject);
      response.on("data", (text: string) => (body = (body + text).slice(0, SHOWN_CHARACTERS)));
      response.once("end", () => {
        if (response.statusCode === status) return resolve(`answers ${status}`);
        const line = body.trim().split("\n")[0] ?? "";
        reject(
          new Error(`answers ${response.statusCode}, wanted ${status}${line === "" ? "" : `: ${line}`}`),
        );
      });
    });
    asking.end();
  });
}

function askTcp({ host, port }: Extract<HealthProbe, { kind: "tcp" }>, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.destroy();
      resolve("takes connections");
    });
  });
}

/** systemd.exec(5). A user that exists only for this call, and that may change nothing. */
const SANDBOX = [
  "DynamicUser=yes",
  "ProtectSystem=strict",
  "ProtectHome=yes",
  "PrivateTmp=yes",
  "PrivateDevices=yes",
  "ProtectProc=invisible",
  "ProtectKernelTunables=yes",
  "ProtectKernelModules=yes",
  "ProtectControlGroups=yes",
  "NoNewPrivileges=yes",
  "RestrictSUIDSGID=yes",
  "RestrictNamespaces=yes",
  "CapabilityBoundingSet=",
  "MemoryMax=256M",
  "TasksMax=64",
  "TimeoutStopSec=1s",
];
/** systemd ends a probe that takes too long; only when systemd itself does not answer we do. */
const PATIENCE_MS = 15_000;

let asked = 0;

async function askProgram(
  machine: Pick<HealthMachine, "ask">,
  { name, timeoutMs }: HealthProbe,
  properties: readonly string[],
  command: readonly string[],
): Promise<string> {
  asked += 1;
  const { exitStatus, output } = await machine.ask(
    [
      "systemd-run",
      "--quiet",
      "--wait",
      "--pipe",
      "--collect",
      "--service-type=exec",
      // Another process may ask the same: a configuration is judged as boots are.
      `--unit=${PROBE_UNIT_PREFIX}${name}-${process.pid}-${asked}`,
      ...SANDBOX.map((property) => `--property=${property}`),
      `--property=RuntimeMaxSec=${timeoutMs}ms`,
      ...properties,
      "--",
      ...command,
    ],
    timeoutMs + PATIENCE_MS,
  );
  if (exitStatus === 0) return output === "" ? "exits with 0" : output;
  const end =
    exitStatus === undefined ? `did not end within ${formatMs(timeoutMs)}` : `exits with ${exitStatus}`;
  throw new Error(output === "" ? end : `${end}: ${output}`);
}
