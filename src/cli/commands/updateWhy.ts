import { callMachine } from "../callMachine.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import { toUpdateTarget, type TargetOptions } from "../update/updateOptions.ts";
import { isInTheWay } from "../update/updateStateDocument.ts";
import { listNames, renderWhy, toWhyDocument, type WhyDocument } from "../update/updateWhy.ts";
import { drawTable } from "../view/drawnTable.ts";
import type { MachineView } from "../view/machineView.ts";

const WHY_TIMEOUT_MS = 120_000;

/** `socle update why`: every gate between a machine and a release. A closed one is an answer, not a failure. */
export function createWhyView(options: TargetOptions): MachineView<WhyDocument> {
  return {
    kind: "UpdateGates",
    ask: async (machine, { signal }) => {
      const call = { purpose: "ask about updates", timeoutMs: WHY_TIMEOUT_MS, signal };
      const target = toUpdateTarget(options);
      const answer = await callMachine(machine, call, ({ update }, callOptions) =>
        update.explainUpdate({ target }, callOptions),
      );
      return toWhyDocument(machine.name, answer);
    },
    drawAlone: renderWhy,
    drawBare: ({ gates }) =>
      gates
        .filter(isInTheWay)
        .map(({ name }) => `${name}\n`)
        .join(""),
    draw: (why, { now }) => [
      drawTable(
        [why],
        [
          { header: "RUNNING", value: ({ runningVersion }) => runningVersion },
          { header: "NEWEST", value: ({ release }) => release?.version ?? "–" },
          { header: "STOPPED BY", value: ({ gates }) => listNames(gates.filter(isInTheWay)) || "–" },
          {
            header: "NEXT AUTOMATIC",
            value: ({ nextAutomatic }) =>
              nextAutomatic === null ? "not planned" : formatRelativeTime(new Date(nextAutomatic), now),
          },
        ],
        "",
      ),
    ],
  };
}
