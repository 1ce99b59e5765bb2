import type { DescMessage } from "@bufbuild/protobuf";
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import {
  GetNetworkResponseSchema,
  GetTimeResponseSchema,
  ListBootsResponseSchema,
  ListDisksResponseSchema,
  ListProcessesResponseSchema,
  ListSocketsResponseSchema,
  ListUnitsResponseSchema,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import { toVisibleText } from "../diff/visibleText.ts";
import { formatBytes } from "../formatBytes.ts";
import { formatDuration, formatShortDuration } from "../formatDuration.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import { renderTable, type Column } from "../table.ts";
import type { View as Look } from "../update/renderGates.ts";
import { describeUnitState } from "./unitState.ts";
import type { MachineView } from "./view.ts";

/** What a machine has nothing of is a dash, so that no column is empty. */
const or = (text: string) => (text === "" ? "–" : toVisibleText(text));
const bytes = (size: bigint) => (size === 0n ? "–" : formatBytes(Number(size)));
const ago = (at: Timestamp | undefined, { now }: Look) =>
  at === undefined ? "–" : formatRelativeTime(timestampDate(at), now);

function view<Schema extends DescMessage>(described: MachineView<Schema>): MachineView<Schema> {
  return described;
}

function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], none: string): string {
  return rows.length === 0 ? `${none}\n` : renderTable(columns, rows);
}

export const bootsView = view({
  kind: "Boots",
  purpose: "list the boots",
  schema: ListBootsResponseSchema,
  ask: (observe, options) => observe.listBoots({}, options),
  render: ({ boots }, look) =>
    table(
      boots,
      [
        { header: "BOOT", align: "right", value: ({ offset }) => String(offset) },
        { header: "VERSION", value: ({ version }) => or(version) },
        { header: "HEALTH", value: ({ verdict }) => paintVerdict(verdict, look) },
        { header: "FROM", value: ({ first }) => ago(first, look) },
        { header: "LASTED", value: ({ first, last }) => lasted(first, last) },
        { header: "ID", value: ({ bootId }) => bootId },
      ],
      "The journal knows no boot",
    ),
});

export const servicesView = (patterns: readonly string[]) =>
  view({
    kind: "Services",
    purpose: "list the services",
    schema: ListUnitsResponseSchema,
    ask: (observe, options) =>
      observe.listUnits({ patterns: patterns.length === 0 ? ["*.service"] : [...patterns] }, options),
    render: ({ units }, look) =>
      table(
        units,
        [
          { header: "SERVICE", value: ({ name }) => toVisibleText(name) },
          { header: "STATE", value: (unit) => describeUnitState(unit, look) },
          { header: "SINCE", value: ({ since }) => ago(since, look) },
          { header: "PID", align: "right", value: ({ mainPid }) => (mainPid === 0 ? "–" : String(mainPid)) },
          { header: "MEMORY", align: "right", value: ({ memoryBytes }) => bytes(memoryBytes) },
          { header: "CPU", align: "right", value: ({ cpuUs }) => cpu(cpuUs) },
          { header: "RESTARTS", align: "right", value: ({ restarts }) => String(restarts) },
        ],
        "No unit fits",
      ),
  });

export const processesView = view({
  kind: "Processes",
  purpose: "list the processes",
  schema: ListProcessesResponseSchema,
  ask: (observe, options) => observe.listProcesses({}, options),
  render: ({ processes }) =>
    table(
      // Threads of the kernel have no memory of their own.
      processes.filter(({ memoryBytes }) => memoryBytes > 0n),
      [
        { header: "PID", align: "right", value: ({ pid }) => String(pid) },
        { header: "NAME", value: ({ name }) => toVisibleText(name) },
        { header: "UID", align: "right", value: ({ uid }) => String(uid) },
        { header: "STATE", value: ({ state }) => state },
        { header: "MEMORY", align: "right", value: ({ memoryBytes }) => bytes(memoryBytes) },
        { header: "CPU", align: "right", value: ({ cpuUs }) => cpu(cpuUs) },
        { header: "THREADS", align: "right", value: ({ threads }) => String(threads) },
        { header: "UNIT", value: ({ unit }) => or(unit) },
      ],
      "No process",
    ),
});

export const disksView = view({
  kind: "Disks",
  purpose: "list the disks",
  schema: ListDisksResponseSchema,
  ask: (observe, options) => observe.listDisks({}, options),
  render: ({ disks, fileSystems }) => {
    const devices = disks.flatMap((disk) => [
      { name: disk.name, sizeBytes: disk.sizeBytes, what: or(disk.model) },
      ...disk.partitions.map(({ name, sizeBytes, label }) => ({
        name: `  ${name}`,
        sizeBytes,
        what: or(label),
      })),
    ]);
    return [
      table(
        devices,
        [
          { header: "DISK", value: ({ name }) => toVisibleText(name) },
          { header: "SIZE", align: "right", value: ({ sizeBytes }) => bytes(sizeBytes) },
          { header: "MODEL OR LABEL", value: ({ what }) => what },
        ],
        "No disk",
      ),
      table(
        fileSystems,
        [
          { header: "MOUNTED ON", value: ({ target }) => toVisibleText(target) },
          { header: "TYPE", value: ({ fstype }) => fstype },
          { header: "SIZE", align: "right", value: ({ sizeBytes }) => bytes(sizeBytes) },
          { header: "FREE", align: "right", value: ({ freeBytes }) => bytes(freeBytes) },
          { header: "MODE", value: ({ readOnly }) => (readOnly ? "ro" : "rw") },
          { header: "SOURCE", value: ({ source }) => toVisibleText(source) },
        ],
        "No file system",
      ),
    ].join("\n");
  },
});

export const socketsView = (connections: boolean) =>
  view({
    kind: "Sockets",
    purpose: "list the sockets",
    schema: ListSocketsResponseSchema,
    ask: (observe, options) => observe.listSockets({ connections }, options),
    render: ({ sockets }) =>
      table(
        sockets,
        [
          { header: "PROTOCOL", value: ({ protocol }) => protocol },
          { header: "STATE", value: ({ state }) => state },
          { header: "LOCAL", value: ({ localAddress, localPort }) => endpoint(localAddress, localPort) },
          ...(connections
            ? [
                {
                  header: "REMOTE",
                  value: ({ remoteAddress, remotePort }: (typeof sockets)[number]) =>
                    remoteAddress === "" ? "–" : endpoint(remoteAddress, remotePort),
                },
              ]
            : []),
          { header: "PROCESS", value: ({ process }) => or(process) },
          { header: "UNIT", value: ({ unit }) => or(unit) },
        ],
        "Nothing listens",
      ),
  });

export const networkView = view({
  kind: "Network",
  purpose: "get the network",
  schema: GetNetworkResponseSchema,
  ask: (observe, options) => observe.getNetwork({}, options),
  render: ({ interfaces, routes, nameServers, searchDomains }) =>
    [
      table(
        interfaces,
        [
          { header: "INTERFACE", value: ({ name }) => toVisibleText(name) },
          { header: "STATE", value: ({ state }) => or(state) },
          { header: "ADDRESSES", value: ({ addresses }) => addresses.join(" ") || "–" },
          { header: "MAC", value: ({ macAddress }) => or(macAddress) },
          { header: "RECEIVED", align: "right", value: ({ receivedBytes }) => bytes(receivedBytes) },
          { header: "SENT", align: "right", value: ({ sentBytes }) => bytes(sentBytes) },
          { header: "ERRORS", align: "right", value: ({ errors }) => String(errors) },
        ],
        "No interface",
      ),
      table(
        routes,
        [
          { header: "TO", value: ({ destination }) => destination },
          { header: "BY", value: ({ gateway }) => gateway || "–" },
          { header: "INTERFACE", value: (route) => toVisibleText(route.interface) },
          { header: "METRIC", align: "right", value: ({ metric }) => String(metric) },
        ],
        "No route",
      ),
      `Name servers    ${nameServers.map(or).join(" ") || "none"}\nSearch domains  ${searchDomains.map(or).join(" ") || "none"}\n`,
    ].join("\n"),
});

export const timeView = view({
  kind: "Time",
  purpose: "get the time",
  schema: GetTimeResponseSchema,
  ask: (observe, options) => observe.getTime({}, options),
  render: ({ now, synchronized, server, timeZone, offsetUs }, { paint }) => {
    const state = synchronized ? paint("green", "synchronized") : paint("yellow", "not synchronized");
    const by = server === "" ? "" : ` with ${toVisibleText(server)}`;
    const off = offsetUs === 0n ? "" : `, off by ${(Number(offsetUs) / 1000).toFixed(1)} ms`;
    const at = now === undefined ? "–" : timestampDate(now).toISOString();
    return `${at}  ${state}${by}${off}\nTime zone  ${or(timeZone)}\n`;
  },
});

function endpoint(address: string, port: number): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

function cpu(us: bigint): string {
  return us === 0n ? "–" : formatShortDuration(Number(us) / 1000);
}

function lasted(first: Timestamp | undefined, last: Timestamp | undefined): string {
  if (first === undefined || last === undefined) return "–";
  return formatDuration(Math.max(0, timestampDate(last).getTime() - timestampDate(first).getTime()));
}

function paintVerdict(verdict: string, { marks, paint }: Look): string {
  if (verdict === "pass") return `${paint("green", marks.ok)} pass`;
  return verdict === "fail" ? `${paint("red", marks.failed)} fail` : "–";
}
