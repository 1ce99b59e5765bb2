import {
  ListBootsResponseSchema,
  ListProcessesResponseSchema,
  ListSocketsResponseSchema,
  ListUnitsResponseSchema,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import { toVisibleText } from "../diff/visibleText.ts";
import type { View as Look } from "../update/renderGates.ts";
import { drawTable } from "../view/drawnTable.ts";
import { toAgoCell, toBytesCell, toCpuCell, toLastedCell, toNumberCell, toTextCell } from "./cells.ts";
import { createObservedView } from "./observedView.ts";
import { describeUnitState } from "./unitState.ts";

export const bootsView = createObservedView({
  kind: "Boots",
  purpose: "list the boots",
  schema: ListBootsResponseSchema,
  ask: (observe, options) => observe.listBoots({}, options),
  draw: ({ boots }, look) => [
    drawTable(
      boots,
      [
        { header: "BOOT", align: "right", value: ({ offset }) => String(offset) },
        { header: "VERSION", value: ({ version }) => toTextCell(version) },
        { header: "HEALTH", value: ({ verdict }) => paintVerdict(verdict, look) },
        { header: "FROM", value: ({ first }) => toAgoCell(first, look) },
        { header: "LASTED", value: ({ first, last }) => toLastedCell(first, last) },
        { header: "ID", value: ({ bootId }) => bootId },
      ],
      "The journal knows no boot",
    ),
  ],
});

export const servicesView = (patterns: readonly string[]) =>
  createObservedView({
    kind: "Services",
    purpose: "list the services",
    schema: ListUnitsResponseSchema,
    ask: (observe, options) =>
      observe.listUnits({ patterns: patterns.length === 0 ? ["*.service"] : [...patterns] }, options),
    draw: ({ units }, look) => [
      drawTable(
        units,
        [
          { header: "SERVICE", value: ({ name }) => toVisibleText(name) },
          { header: "STATE", value: (unit) => describeUnitState(unit, look) },
          { header: "SINCE", value: ({ since }) => toAgoCell(since, look) },
          { header: "PID", align: "right", value: ({ mainPid }) => toNumberCell(mainPid) },
          { header: "MEMORY", align: "right", value: ({ memoryBytes }) => toBytesCell(memoryBytes) },
          { header: "CPU", align: "right", value: ({ cpuUs }) => toCpuCell(cpuUs) },
          { header: "RESTARTS", align: "right", value: ({ restarts }) => String(restarts) },
          { header: "MAY", value: ({ mayRestart }) => toTextCell(mayRestart ? "restart" : "") },
        ],
        "No unit fits",
      ),
    ],
  });

export const processesView = createObservedView({
  kind: "Processes",
  purpose: "list the processes",
  schema: ListProcessesResponseSchema,
  ask: (observe, options) => observe.listProcesses({}, options),
  draw: ({ processes }) => [
    drawTable(
      // Threads of the kernel have no memory of their own.
      processes.filter(({ memoryBytes }) => memoryBytes > 0n),
      [
        { header: "PID", align: "right", value: ({ pid }) => String(pid) },
        { header: "NAME", value: ({ name }) => toVisibleText(name) },
        { header: "UID", align: "right", value: ({ uid }) => String(uid) },
        { header: "STATE", value: ({ state }) => state },
        { header: "MEMORY", align: "right", value: ({ memoryBytes }) => toBytesCell(memoryBytes) },
        { header: "CPU", align: "right", value: ({ cpuUs }) => toCpuCell(cpuUs) },
        { header: "THREADS", align: "right", value: ({ threads }) => String(threads) },
        { header: "UNIT", value: ({ unit }) => toTextCell(unit) },
      ],
      "No process",
    ),
  ],
});

export const socketsView = (connections: boolean) =>
  createObservedView({
    kind: "Sockets",
    purpose: "list the sockets",
    schema: ListSocketsResponseSchema,
    ask: (observe, options) => observe.listSockets({ connections }, options),
    draw: ({ sockets }) => [
      drawTable(
        sockets,
        [
          { header: "PROTOCOL", value: ({ protocol }) => protocol },
          { header: "STATE", value: ({ state }) => state },
          { header: "LOCAL", value: ({ localAddress, localPort }) => toEndpoint(localAddress, localPort) },
          ...(connections
            ? [
                {
                  header: "REMOTE",
                  value: ({ remoteAddress, remotePort }: (typeof sockets)[number]) =>
                    toEndpoint(remoteAddress, remotePort),
                },
              ]
            : []),
          { header: "PROCESS", value: ({ process }) => toTextCell(process) },
          { header: "UNIT", value: ({ unit }) => toTextCell(unit) },
        ],
        "Nothing listens",
      ),
    ],
  });

function toEndpoint(address: string, port: number): string {
  if (address === "") return toTextCell("");
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

function paintVerdict(verdict: string, { marks, paint }: Look): string {
  if (verdict === "pass") return `${paint("green", marks.ok)} pass`;
  return verdict === "fail" ? `${paint("red", marks.failed)} fail` : toTextCell("");
}
