import { create, toJsonString, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";

import { HEALTH_FOLDER } from "#health/healthReport.ts";
import {
  GetLoadResponseSchema,
  GetNetworkResponseSchema,
  GetTimeResponseSchema,
  ListBootsResponseSchema,
  ListCertificatesResponseSchema,
  ListDisksResponseSchema,
  ListProcessesResponseSchema,
  ListSocketsResponseSchema,
  ListUnitsResponseSchema,
  ReadJournalRequestSchema,
  ReadJournalResponseSchema,
  ReadKernelLogRequestSchema,
  ReadKernelLogResponseSchema,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import { readText } from "../machineFacts.ts";
import { getLoad } from "../observe/getLoad.ts";
import { getNetwork } from "../observe/getNetwork.ts";
import { getTime } from "../observe/getTime.ts";
import { listBoots } from "../observe/listBoots.ts";
import { listCertificates } from "../observe/listCertificates.ts";
import { listDisks } from "../observe/listDisks.ts";
import { listProcesses } from "../observe/listProcesses.ts";
import { listSockets } from "../observe/listSockets.ts";
import { listUnits } from "../observe/listUnits.ts";
import type { ObserveOptions } from "../observe/observeOptions.ts";
import { readJournal, readKernelLog } from "../observe/readJournal.ts";
import type { SupportPart } from "./getSupportBundle.ts";

const JOURNAL_LINES = 10_000;

/** What can be read of any machine; its health reports are found anew for each bundle. */
export async function listSupportParts({
  machine,
  readVerdicts,
  mayRestart,
  clock,
  certificates,
  moreSupport,
}: ObserveOptions): Promise<SupportPart[]> {
  const json = <Schema extends DescMessage>(
    path: string,
    schema: Schema,
    read: (signal: AbortSignal) => Promise<MessageInitShape<Schema>>,
  ): SupportPart => ({
    path,
    read: async (signal) => toJsonString(schema, create(schema, await read(signal)), { prettySpaces: 2 }),
  });
  const file = (path: string, from: string): SupportPart => ({
    path,
    read: async () => (await readText(machine, from)) ?? "",
  });
  const reports = (await machine.listFolder(HEALTH_FOLDER)).filter((name) => /^[\w-]+\.json$/.test(name));
  return [
    ...moreSupport,
    file("os-release", "/etc/os-release"),
    file("image.json", "/usr/lib/socle/image.json"),
    ...reports.toSorted().map((name) => file(`health/${name}`, `${HEALTH_FOLDER}/${name}`)),
    json("boots.json", ListBootsResponseSchema, async () => listBoots(machine, await readVerdicts())),
    json("units.json", ListUnitsResponseSchema, () => listUnits(machine, [], mayRestart)),
    json("processes.json", ListProcessesResponseSchema, (signal) => listProcesses(machine, signal)),
    json("disks.json", ListDisksResponseSchema, () => listDisks(machine)),
    json("sockets.json", ListSocketsResponseSchema, (signal) => listSockets(machine, true, signal)),
    json("network.json", GetNetworkResponseSchema, () => getNetwork(machine)),
    json("time.json", GetTimeResponseSchema, () => getTime(machine, clock)),
    json("certificates.json", ListCertificatesResponseSchema, () => listCertificates(machine, certificates)),
    json("load.json", GetLoadResponseSchema, () => getLoad(machine)),
    { path: "kernel.log", read: (signal) => readKernelText(machine, signal) },
    { path: "journal-this-boot.log", read: (signal) => readJournalText(machine, 0, signal) },
    { path: "journal-previous-boot.log", read: (signal) => readJournalText(machine, -1, signal) },
  ];
}

type Machine = ObserveOptions["machine"];

async function readJournalText(machine: Machine, boot: number, signal: AbortSignal): Promise<string> {
  const request = create(ReadJournalRequestSchema, { boot, lines: JOURNAL_LINES });
  const text = createTail();
  for await (const part of readJournal(machine, request, signal))
    for (const { at, unit, identifier, pid, message } of create(ReadJournalResponseSchema, part).lines)
      text.add(`${toTime(at)} ${unit || "-"} ${identifier}[${pid}]: ${message}\n`);
  return text.join();
}

async function readKernelText(machine: Machine, signal: AbortSignal): Promise<string> {
  const text = createTail();
  for await (const part of readKernelLog(machine, create(ReadKernelLogRequestSchema, {}), signal))
    for (const { sinceBootUs, priority, message } of create(ReadKernelLogResponseSchema, part).lines)
      text.add(`[${(Number(sinceBootUs) / 1e6).toFixed(6)}] <${priority}> ${message}\n`);
  return text.join();
}

const MOST_TEXT_CHARACTERS = 4 * 1024 * 1024;

/** The newest lines that fit. */
function createTail() {
  const lines: string[] = [];
  let first = 0;
  let characters = 0;
  return {
    add(line: string): void {
      lines.push(line);
      characters += line.length;
      while (characters > MOST_TEXT_CHARACTERS) {
        characters -= lines[first]?.length ?? 0;
        lines[first] = "";
        first += 1;
      }
    },
    join: () => lines.join(""),
  };
}

function toTime(at: Timestamp | undefined): string {
  return at === undefined ? "-" : timestampDate(at).toISOString();
}
