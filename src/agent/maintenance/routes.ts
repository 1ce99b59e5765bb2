import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, type ConnectRouter } from "@connectrpc/connect";

import { describeProblem, type Problem } from "#definition/problem.ts";
import {
  ConfigurationService,
  type ConfigurationProblemSchema,
} from "#protocol/gen/socle/v1/configuration_pb.ts";
import { ControlService } from "#protocol/gen/socle/v1/control_pb.ts";
import { DebugService } from "#protocol/gen/socle/v1/debug_pb.ts";
import { MachineService } from "#protocol/gen/socle/v1/machine_pb.ts";
import { MaintenanceService } from "#protocol/gen/socle/v1/maintenance_pb.ts";
import { ObserveService } from "#protocol/gen/socle/v1/observe_pb.ts";
import { UpdateService } from "#protocol/gen/socle/v1/update_pb.ts";
import type { Fingerprint } from "#trust/fingerprint.ts";

import { callerKey, type Caller } from "../caller.ts";
import { toRefusal } from "../toRefusal.ts";
import { judgeFirstDocument } from "./judgeFirstDocument.ts";

/** What the privileged process made of a document. */
export type FirstConfiguration =
  | { readonly generation: number }
  | { readonly problems: readonly MessageInitShape<typeof ConfigurationProblemSchema>[] };

export interface MaintenanceCalls {
  readonly fingerprint: Fingerprint;
  readonly describe: () => Promise<WaitingMachine>;
  /** Puts a document in force. Nobody can take it back by going away. */
  readonly apply: (document: string) => Promise<FirstConfiguration>;
  /** The machine has its configuration; the answer is about to go to this caller. */
  readonly onProvided: (caller: Caller) => void;
}

export interface WaitingMachine {
  readonly id: string;
  readonly version: string;
  readonly level: string;
  /** Why the document that it has does not count. */
  readonly problems: readonly Problem[];
}

/** All the others are known, so that whoever calls them is told what is the matter. */
const CLOSED = [
  ConfigurationService,
  ControlService,
  DebugService,
  MachineService,
  ObserveService,
  UpdateService,
];

export function createMaintenanceRoutes(calls: MaintenanceCalls): (router: ConnectRouter) => void {
  const provide = createProvide(calls);
  return (router) => {
    for (const service of CLOSED) router.service(service, {});
    router.service(MaintenanceService, {
      getMaintenance: async () => {
        const { problems, ...machine } = await calls.describe();
        // Not what was found: anybody can ask, and it may be somebody's secret.
        const paths = problems.map(({ path, wanted }) => ({ path, wanted }));
        return { ...machine, fingerprint: calls.fingerprint, problems: paths };
      },
      provideConfiguration: async ({ document }, { values }) => provide(document, values.get(callerKey)),
    });
  };
}

/** One after the other, and none after the first that is taken. */
function createProvide({ apply, onProvided }: MaintenanceCalls) {
  let isTaken = false;
  return async (document: string, caller: Caller) => {
    if (isTaken)
      throw toRefusal(
        Code.Unavailable,
        "maintenance-busy",
        "somebody is giving this machine its configuration already",
        "Wait until that is done. If it was not you, look at its console, and who reaches its network.",
      );
    isTaken = true;
    let isProvided = false;
    try {
      const problems = await judgeFirstDocument(document);
      if (problems.length > 0) return { problems: problems.map(toConfigurationProblem) };
      const applied = await apply(document);
      if ("problems" in applied) return { problems: [...applied.problems] };
      isProvided = true;
      onProvided(caller);
      return applied;
    } finally {
      isTaken = isProvided;
    }
  };
}

function toConfigurationProblem(problem: Problem): MessageInitShape<typeof ConfigurationProblemSchema> {
  const { path, wanted, hint = "" } = problem;
  return { path, found: describeProblem(problem), wanted, hint };
}
