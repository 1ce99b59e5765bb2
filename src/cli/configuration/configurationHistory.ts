import type { Generation } from "#protocol/gen/socle/v1/configuration_pb.ts";

import { callMachine } from "../callMachine.ts";
import { toVisibleText } from "../diff/visibleText.ts";
import { fitToWidth } from "../fitToWidth.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import type { View as Look } from "../update/renderGates.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { drawTable } from "../view/drawnTable.ts";
import type { MachineView } from "../view/machineView.ts";
import { toGenerationDocument, type GenerationDocument } from "./generationDocument.ts";

interface HistoryDocument {
  readonly apiVersion: string;
  readonly kind: string;
  readonly machine: string;
  /** The newest first. */
  readonly generations: readonly GenerationDocument[];
}

/** `socle config history`: every configuration that was put in force, the newest first. */
export const historyView: MachineView<HistoryDocument> = {
  kind: "ConfigurationHistory",
  ask: async (machine, { signal }) => ({
    apiVersion: "socle/v1",
    kind: "ConfigurationHistory",
    machine: machine.name,
    generations: (await listGenerations(machine, { signal })).map(toGenerationDocument),
  }),
  drawBare: ({ generations }) => generations.map(({ number }) => `${number}\n`).join(""),
  draw: ({ generations }, look) => [
    drawTable(
      generations,
      [
        { header: "GENERATION", align: "right", value: ({ number }) => String(number) },
        { header: "STATE", value: ({ state }) => paintState(state, look) },
        {
          header: "APPLIED",
          value: ({ at }) => (at === null ? "–" : formatRelativeTime(new Date(at), look.now)),
        },
        { header: "BY", value: ({ who }) => toVisibleText(who) || "–" },
        { header: "HEALTHY ON", value: ({ healthyOn }) => healthyOn.map(toVisibleText).join(" ") || "–" },
        { header: "WHY", value: (each) => fitToWidth(describeWhy(each), 60) },
      ],
      "No configuration was ever put in force through the API",
    ),
  ],
};

const TIMEOUT_MS = 30_000;

/** The newest first. */
export async function listGenerations(
  machine: NamedMachine,
  { signal, timeoutMs = TIMEOUT_MS }: { signal: AbortSignal; timeoutMs?: number },
): Promise<readonly Generation[]> {
  const call = { purpose: "list the generations of the configuration", timeoutMs, signal };
  const { generations } = await callMachine(machine, call, ({ configuration }, options) =>
    configuration.listGenerations({}, options),
  );
  return generations;
}

function describeWhy({ reason, revertedBecause }: GenerationDocument): string {
  const words = [reason, ...(revertedBecause === null ? [] : [`went back: ${revertedBecause}`])];
  return toVisibleText(words.filter((word) => word !== "").join("; ")) || "–";
}

function paintState(state: string, { marks, paint }: Look): string {
  switch (state) {
    case "current":
      return `${paint("green", marks.ok)} current`;
    case "reverted":
      return `${paint("red", marks.failed)} reverted`;
    case "trial":
      return `${paint("yellow", marks.running[0] ?? "")} on trial`;
    default:
      return `${marks.unknown} ${toVisibleText(state)}`;
  }
}
