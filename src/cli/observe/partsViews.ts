import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  GetNetworkResponseSchema,
  GetTimeResponseSchema,
  ListDisksResponseSchema,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import { toVisibleText } from "../diff/visibleText.ts";
import { drawTable } from "../view/drawnTable.ts";
import { toBytesCell, toListCell, toTextCell } from "./cells.ts";
import { createObservedView } from "./observedView.ts";

export const disksView = createObservedView({
  kind: "Disks",
  purpose: "list the disks",
  schema: ListDisksResponseSchema,
  ask: (observe, options) => observe.listDisks({}, options),
  draw: ({ disks, fileSystems }) => [
    drawTable(
      disks.flatMap(({ name, sizeBytes, model, partitions }) => [
        { name, sizeBytes, what: model },
        ...partitions.map((part) => ({
          name: `  ${part.name}`,
          sizeBytes: part.sizeBytes,
          what: part.label,
        })),
      ]),
      [
        { header: "DISK", value: ({ name }) => toVisibleText(name) },
        { header: "SIZE", align: "right", value: ({ sizeBytes }) => toBytesCell(sizeBytes) },
        { header: "MODEL OR LABEL", value: ({ what }) => toTextCell(what) },
      ],
      "No disk",
    ),
    drawTable(
      fileSystems,
      [
        { header: "MOUNTED ON", value: ({ target }) => toVisibleText(target) },
        { header: "TYPE", value: ({ fstype }) => fstype },
        { header: "SIZE", align: "right", value: ({ sizeBytes }) => toBytesCell(sizeBytes) },
        { header: "FREE", align: "right", value: ({ freeBytes }) => toBytesCell(freeBytes) },
        { header: "MODE", value: ({ readOnly }) => (readOnly ? "ro" : "rw") },
        { header: "SOURCE", value: ({ source }) => toVisibleText(source) },
      ],
      "No file system",
    ),
  ],
});

export const networkView = createObservedView({
  kind: "Network",
  purpose: "get the network",
  schema: GetNetworkResponseSchema,
  ask: (observe, options) => observe.getNetwork({}, options),
  draw: ({ interfaces, routes, nameServers, searchDomains }) => [
    drawTable(
      interfaces,
      [
        { header: "INTERFACE", value: ({ name }) => toVisibleText(name) },
        { header: "STATE", value: ({ state }) => toTextCell(state) },
        { header: "ADDRESSES", value: ({ addresses }) => toListCell(addresses) },
        { header: "MAC", value: ({ macAddress }) => toTextCell(macAddress) },
        { header: "RECEIVED", align: "right", value: ({ receivedBytes }) => toBytesCell(receivedBytes) },
        { header: "SENT", align: "right", value: ({ sentBytes }) => toBytesCell(sentBytes) },
        { header: "ERRORS", align: "right", value: ({ errors }) => String(errors) },
      ],
      "No interface",
    ),
    drawTable(
      routes,
      [
        { header: "TO", value: ({ destination }) => destination },
        { header: "BY", value: ({ gateway }) => toTextCell(gateway) },
        { header: "INTERFACE", value: (route) => toVisibleText(route.interface) },
        { header: "METRIC", align: "right", value: ({ metric }) => String(metric) },
      ],
      "No route",
    ),
    drawTable(
      [{ nameServers, searchDomains }],
      [
        { header: "NAME SERVERS", value: (resolver) => toListCell(resolver.nameServers) },
        { header: "SEARCH DOMAINS", value: (resolver) => toListCell(resolver.searchDomains) },
      ],
      "",
    ),
  ],
});

export const timeView = createObservedView({
  kind: "Time",
  purpose: "get the time",
  schema: GetTimeResponseSchema,
  ask: (observe, options) => observe.getTime({}, options),
  draw: (answer, { paint }) => [
    drawTable(
      [answer],
      [
        {
          header: "TIME",
          value: ({ now }) => (now === undefined ? toTextCell("") : timestampDate(now).toISOString()),
        },
        {
          header: "STATE",
          value: ({ synchronized }) =>
            synchronized ? paint("green", "synchronized") : paint("yellow", "not synchronized"),
        },
        { header: "SERVER", value: ({ server }) => toTextCell(server) },
        {
          header: "OFF BY",
          align: "right",
          value: ({ offsetUs }) =>
            offsetUs === 0n ? toTextCell("") : `${(Number(offsetUs) / 1000).toFixed(1)} ms`,
        },
        { header: "ZONE", value: ({ timeZone }) => toTextCell(timeZone) },
      ],
      "",
    ),
  ],
});
