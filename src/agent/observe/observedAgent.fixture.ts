/** The agent over loopback and mutual TLS, on a machine that is only data, recorded from Debian's own tools. */
import { once } from "node:events";

import { createDevelopmentAccess } from "#trust/certificates.ts";

import { EventHub } from "../events/eventHub.ts";
import type { EventSources } from "../events/watchEvents.ts";
import { createLog } from "../log.ts";
import { readMachineFacts } from "../machineFacts.ts";
import { readInventory } from "../readInventory.ts";
import { sealedMachine } from "../sealedMachine.fixture.ts";
import { startAgent } from "../startAgent.ts";
import { createObserveCalls } from "./createObserveCalls.ts";
import { createMemoryObserveMachine, type MemoryObserveContent } from "./memoryObserveMachine.ts";
import type { ObserveMachine } from "./observeMachine.ts";
import type { ObserveOptions } from "./observeOptions.ts";

const access = await createDevelopmentAccess({ name: "edge-01", now: new Date(), days: 1 });

const BOOT = "0c9a4d3e7f1b4a529d385e6f7a8b9c0d";
const LAST_BOOT = "11111111222233334444555555555555";

/** A line as `journalctl -o json` writes it. */
export function toEntry(message: string, changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    __CURSOR: "s=1;i=1",
    __REALTIME_TIMESTAMP: "1769000000123456",
    __MONOTONIC_TIMESTAMP: "13270000",
    _BOOT_ID: BOOT,
    PRIORITY: "6",
    _SYSTEMD_UNIT: "ssh.service",
    SYSLOG_IDENTIFIER: "sshd",
    _PID: "42",
    MESSAGE: message,
    ...changes,
  });
}

/** `systemctl show`. */
const UNITS = `Id=ssh.service
Description=OpenBSD Secure Shell server
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
Result=success
MainPID=42
NRestarts=0
MemoryCurrent=4194304
CPUUsageNSec=250000000
StateChangeTimestamp=@1769000000

Id=backup.service
Description=Nightly copy
LoadState=loaded
ActiveState=failed
SubState=failed
UnitFileState=static
Result=exit-code
MainPID=0
NRestarts=3
MemoryCurrent=[not set]
CPUUsageNSec=18446744073709551615
StateChangeTimestamp=@1769000000
`;

const LIST_BOOTS = JSON.stringify([
  { index: -1, boot_id: LAST_BOOT, first_entry: 1768990000000000, last_entry: 1768999000000000 },
  { index: 0, boot_id: BOOT, first_entry: 1769000000000000, last_entry: 1769003600000000 },
]);

const NET = "/sys/class/net/enp1s0";
const entry = { type: "file", mode: 0o644, uid: 0, gid: 0, sizeBytes: 6, target: "" } as const;

export const OBSERVED: MemoryObserveContent = {
  ...sealedMachine,
  files: {
    ...sealedMachine.files,
    "/proc/stat":
      "cpu  100 0 50 900 50 0 0 0 0 0\ncpu0 50 0 25 450 25 0 0 0 0 0\ncpu1 50 0 25 450 25 0 0 0 0 0\n",
    "/proc/loadavg": "0.52 0.31 0.12 1/99 1234\n",
    "/proc/meminfo": "MemTotal:        1000000 kB\nMemAvailable:     750000 kB\n",
    "/proc/1/net/dev": "Inter-|\n face |\nenp1s0: 2000 1 0 0 0 0 0 0 300 1 0 0 0 0 0 0\n",
    "/proc/diskstats": " 254 0 vda 1 0 8 0 1 0 16 0 0 0 0\n",
    "/proc/310/stat": `310 (systemd-resolve) S 1 310 310 0 -1 4194560 1 0 0 0 25 5 0 0 20 0 1 0 500 0 10 0\n`,
    "/proc/310/status": "Name:\tsystemd-resolve\nUid:\t991\t991\t991\t991\nVmRSS:\t 2048 kB\n",
    "/proc/1/stat": "1 (systemd) S 0 1 1 0 -1 4194560 1 0 0 0 100 50 0 0 20 0 1 0 0 0 10 0\n",
    "/proc/1/status": "Name:\tsystemd\nUid:\t0\t0\t0\t0\nVmRSS:\t 8192 kB\n",
    [`${NET}/address`]: "52:54:00:12:34:56\n",
    [`${NET}/operstate`]: "up\n",
    [`${NET}/mtu`]: "1500\n",
    [`${NET}/statistics/rx_bytes`]: "2000\n",
    [`${NET}/statistics/tx_bytes`]: "300\n",
    "/proc/net/route":
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\nenp1s0\t00000000\t010200C0\t0003\t0\t0\t1024\t00000000\t0\t0\t0\n",
    "/run/systemd/resolve/resolv.conf": "nameserver 192.0.2.53\nsearch example.org\n",
    "/sys/block/vda/size": "4194304\n",
    "/sys/block/vda/ro": "0\n",
    "/sys/block/vda/vda1/uevent": "PARTN=1\nPARTNAME=esp\nPARTUUID=0f\n",
    "/sys/block/vda/vda1/size": "1048576\n",
    "/etc/motd": "hello\n",
  },
  folders: {
    ...sealedMachine.folders,
    "/sys/class/net": ["enp1s0"],
    "/sys/block": ["vda", "loop0"],
    "/sys/block/vda": ["vda1", "size"],
    "/etc": ["motd", "shadow"],
  },
  entries: { ...sealedMachine.entries, "/etc/motd": entry, "/etc/shadow": { ...entry, mode: 0o640 } },
  outputs: {
    ...sealedMachine.outputs,
    "journalctl --list-boots --output=json --no-pager --quiet": LIST_BOOTS,
  },
  printed: {
    journalctl: [
      toEntry("Server listening on 0.0.0.0 port 22."),
      toEntry("Accepted publickey for a", { PRIORITY: "5" }),
      toEntry("cannot open /x: password=sesame", { PRIORITY: "3", _SYSTEMD_UNIT: "backup.service" }),
    ],
  },
  addresses: [{ interface: "enp1s0", address: "192.0.2.10/24" }],
};

/** All that `systemctl show` is asked here is answered with the units above. */
export function createRecordedMachine(content: Partial<MemoryObserveContent> = {}): ObserveMachine {
  const machine = createMemoryObserveMachine({ ...OBSERVED, ...content });
  return {
    ...machine,
    run: (program, args) =>
      program === "systemctl" && args[0] === "show" && args[1] === "--timestamp=unix"
        ? Promise.resolve(UNITS)
        : machine.run(program, args),
  };
}

export interface ObservedAgent extends AsyncDisposable {
  /** As the command line has it. */
  readonly access: Readonly<
    Record<"name" | "host" | "caPem" | "certPem" | "keyPem", string> & Record<"port", number>
  >;
  readonly log: readonly string[];
  /** What happens in the agent. */
  readonly events: EventHub;
}

/** Nothing happens, as long as somebody listens. */
export async function* silence(signal: AbortSignal): AsyncGenerator<never> {
  if (!signal.aborted) await once(signal, "abort");
  yield* [];
}

export interface ObservedOptions extends Partial<Omit<ObserveOptions, "events">> {
  readonly events?: Partial<EventSources>;
}

export async function startObservedAgent(
  machine: ObserveMachine = createRecordedMachine(),
  { events: eventSources, ...options }: ObservedOptions = {},
): Promise<ObservedAgent> {
  const log: string[] = [];
  const events = new EventHub(() => new Date(1_769_003_600_000));
  const agent = await startAgent({
    readFacts: () => readMachineFacts(machine),
    readInventory: (signal) => readInventory(machine, signal),
    calls: {
      updates: {},
      observe: createObserveCalls({
        machine,
        readVerdicts: () =>
          Promise.resolve([
            { bootId: "0c9a4d3e-7f1b-4a52-9d38-5e6f7a8b9c0d", version: "1.0.0", verdict: "pass" },
            { bootId: "11111111-2222-3333-4444-555555555555", version: "1.1.0", verdict: "fail" },
          ]),
        mayRestart: new Set(["ssh.service"]),
        clock: () => 1_769_003_600_000,
        ownPort: 7443,
        moreSupport: [],
        certificates: {
          own: { certificate: access.server.cert, source: "machine" },
          readAccess: () => ({ clientAuthorities: [access.ca] }),
          readAuthoritySources: () => new Map([[access.ca, "configuration"]]),
          findDocument: () => Promise.resolve(undefined),
        },
        events: {
          own: events,
          watchPrivileged: (_request, { signal }) => silence(signal),
          watchUnits: silence,
          ...eventSources,
        },
        ...options,
      }),
    },
    tls: { certificate: access.server.cert, key: access.server.key, clientAuthorities: [access.ca] },
    listen: { host: "127.0.0.1", port: 0 },
    log: createLog((line) => log.push(line), Date.now),
    monotonicUs: () => 9_000_000,
  });
  return {
    access: {
      name: "edge-01",
      host: "127.0.0.1",
      port: agent.port,
      caPem: access.ca,
      certPem: access.client.cert,
      keyPem: access.client.key,
    },
    log,
    events,
    [Symbol.asyncDispose]: () => agent.close(),
  };
}
