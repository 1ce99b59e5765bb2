import { fetchUpdateState } from "../update/updateMachine.ts";
import { toUpdateStateDocument } from "../update/updateStateDocument.ts";
import { drawTable } from "../view/drawnTable.ts";
import type { MachineView } from "../view/machineView.ts";

type UpdateStatusDocument = ReturnType<typeof toUpdateStatusDocument>;

/** `socle update status`: the state of updates alone, which `socle status` has among all else. */
export const updateStatusView: MachineView<UpdateStatusDocument> = {
  kind: "UpdateStatus",
  ask: async (machine, { signal }) =>
    toUpdateStatusDocument(machine.name, await fetchUpdateState(machine, { signal })),
  draw: (status) => [
    drawTable(
      [status],
      [
        { header: "RUNNING", value: ({ runningVersion }) => runningVersion },
        { header: "PHASE", value: ({ phase }) => phase },
        { header: "OTHER", value: ({ otherVersion }) => otherVersion ?? "–" },
        { header: "WAY BACK", value: ({ wayBackVersion }) => wayBackVersion ?? "none" },
        { header: "GOES ON", value: describeOperation },
      ],
      "",
    ),
  ],
};

function toUpdateStatusDocument(machine: string, state: Parameters<typeof toUpdateStateDocument>[0]) {
  return { apiVersion: "socle/v1", kind: "UpdateStatus", machine, ...toUpdateStateDocument(state) };
}

function describeOperation({ operation }: UpdateStatusDocument): string {
  return operation === null ? "–" : `${operation.kind} ${operation.version ?? ""}`.trimEnd();
}
