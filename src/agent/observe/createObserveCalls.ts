import type { ServiceImpl } from "@connectrpc/connect";

import type { ObserveService } from "#protocol/gen/socle/v1/observe_pb.ts";

import { getLoad } from "./getLoad.ts";
import { getNetwork } from "./getNetwork.ts";
import { getTime } from "./getTime.ts";
import { listBoots, type BootVerdict } from "./listBoots.ts";
import { listDisks } from "./listDisks.ts";
import { listProcesses } from "./listProcesses.ts";
import { listSockets } from "./listSockets.ts";
import { listUnits } from "./listUnits.ts";
import type { ObserveMachine } from "./observeMachine.ts";
import { listFiles, readFile } from "./readFiles.ts";
import { readJournal, readKernelLog } from "./readJournal.ts";

export interface ObserveOptions {
  readonly machine: ObserveMachine;
  readonly readVerdicts: () => Promise<BootVerdict[]>;
  readonly mayRestart: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** One function per call of the contract; what is not there is answered with UNIMPLEMENTED. */
export function createObserveCalls({
  machine,
  readVerdicts,
  mayRestart,
  clock,
}: ObserveOptions): Partial<ServiceImpl<typeof ObserveService>> {
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
    listFiles: (request, { signal }) => listFiles(machine, request, signal),
    readFile: (request, { signal }) => readFile(machine, request, signal),
  };
}
