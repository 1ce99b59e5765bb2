import { create, toJsonString } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";

import { GetStatusResponseSchema, type GetStatusResponse } from "#protocol/gen/socle/v1/machine_pb.ts";
import type { ObserveService } from "#protocol/gen/socle/v1/observe_pb.ts";
import {
  GetUpdateStateRequestSchema,
  GetUpdateStateResponseSchema,
  type UpdateService,
} from "#protocol/gen/socle/v1/update_pb.ts";

import type { EventHub } from "../events/eventHub.ts";
import { watchUnits } from "../events/watchUnits.ts";
import { readHealthReports } from "../health/healthReports.ts";
import { readRestartableUnits } from "../readRestartableUnits.ts";
import { toUuid } from "./journalLine.ts";
import type { CertificateSources } from "./listCertificates.ts";
import type { ObserveMachine } from "./observeMachine.ts";
import type { ObserveOptions } from "./observeOptions.ts";

export interface ObserveSources {
  readonly machine: ObserveMachine;
  readonly ownPort: number;
  readonly readStatus: () => Promise<GetStatusResponse>;
  readonly updates: Pick<ServiceImpl<typeof UpdateService>, "getUpdateState">;
  readonly certificates: CertificateSources;
  /** What happens in the agent itself. */
  readonly events: EventHub;
  readonly watchPrivileged: ServiceImpl<typeof ObserveService>["watchEvents"];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** What the views of a machine are made of, as its image has it. */
export async function readObserveOptions(sources: ObserveSources): Promise<ObserveOptions> {
  const { machine, ownPort, clock, readStatus, updates, certificates, watchPrivileged } = sources;
  const spaces = { prettySpaces: 2 };
  return {
    machine,
    ownPort,
    clock,
    certificates,
    events: {
      own: sources.events,
      watchPrivileged,
      watchUnits: (signal) => watchUnits(machine, clock, signal),
    },
    mayRestart: await readRestartableUnits(machine),
    readVerdicts: async () =>
      (await readHealthReports(machine)).map(({ bootId, version, verdict }) => ({
        bootId: toUuid(bootId),
        version,
        verdict,
      })),
    moreSupport: [
      {
        path: "status.json",
        read: async () => toJsonString(GetStatusResponseSchema, await readStatus(), spaces),
      },
      {
        path: "update-state.json",
        read: async (_signal, context) => {
          const state = await updates.getUpdateState(create(GetUpdateStateRequestSchema), context);
          return toJsonString(
            GetUpdateStateResponseSchema,
            create(GetUpdateStateResponseSchema, state),
            spaces,
          );
        },
      },
    ],
  };
}
