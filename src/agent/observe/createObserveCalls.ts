import type { ServiceImpl } from "@connectrpc/connect";

import type { ObserveService } from "#protocol/gen/socle/v1/observe_pb.ts";

import { callerKey } from "../caller.ts";
import { watchEvents } from "../events/watchEvents.ts";
import { getSupportBundle } from "../support/getSupportBundle.ts";
import { listSupportParts } from "../support/supportParts.ts";
import { createCapture } from "./capturePackets.ts";
import { getLoad } from "./getLoad.ts";
import { getNetwork } from "./getNetwork.ts";
import { getTime } from "./getTime.ts";
import { listBoots } from "./listBoots.ts";
import { listCertificates } from "./listCertificates.ts";
import { listDisks } from "./listDisks.ts";
import { listProcesses } from "./listProcesses.ts";
import { listSockets } from "./listSockets.ts";
import { listUnits } from "./listUnits.ts";
import type { ObserveOptions } from "./observeOptions.ts";
import { listFiles, readFile } from "./readFiles.ts";
import { readJournal, readKernelLog } from "./readJournal.ts";

/** One function per call of the contract. */
export function createObserveCalls(options: ObserveOptions): ServiceImpl<typeof ObserveService> {
  const { machine, readVerdicts, mayRestart, clock, ownPort, certificates, events } = options;
  const capturePackets = createCapture(machine, ownPort);
  return {
    readJournal: (request, { signal }) => readJournal(machine, request, signal),
    readKernelLog: (request, { signal }) => readKernelLog(machine, request, signal),
    listBoots: async () => listBoots(machine, await readVerdicts()),
    listUnits: ({ patterns }) => listUnits(machine, patterns, mayRestart),
    listProcesses: (_request, { signal }) => listProcesses(machine, signal),
    listDisks: () => listDisks(machine),
    listSockets: ({ connections }, { signal }) => listSockets(machine, connections, signal),
    getNetwork: () => getNetwork(machine),
    getTime: () => getTime(machine, clock),
    getLoad: () => getLoad(machine),
    listCertificates: () => listCertificates(machine, certificates),
    watchEvents: (request, context) => watchEvents(events, request, context),
    listFiles: (request, { signal }) => listFiles(machine, request, signal),
    readFile: (request, { signal, values }) => readFile(machine, request, signal, values.get(callerKey).role),
    capturePackets: (request, { signal }) => capturePackets(request, signal),
    getSupportBundle: async function* (_request, context) {
      yield* getSupportBundle(await listSupportParts(options), clock, context);
    },
  };
}
