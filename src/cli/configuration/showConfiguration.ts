import { timestampDate } from "@bufbuild/protobuf/wkt";

import type { GetConfigurationResponse } from "#protocol/gen/socle/v1/configuration_pb.ts";

import { callMachine } from "../callMachine.ts";
import { toVisibleText } from "../diff/visibleText.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import type { View as Look } from "../update/renderGates.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { drawTable } from "../view/drawnTable.ts";
import type { MachineView } from "../view/machineView.ts";
import { toGenerationDocument } from "./generationDocument.ts";
import { renderMachineProblems, toProblemDocument } from "./machineProblems.ts";
import { parseShownDocument, renderShownDocument } from "./shownDocument.ts";

const TIMEOUT_MS = 30_000;

export type ConfigurationDocument = Awaited<ReturnType<typeof readConfiguration>>;

/** `socle config show`: what is in force, or a generation. */
export function createConfigurationView(generation: number | undefined): MachineView<ConfigurationDocument> {
  return {
    kind: "MachineConfigurationView",
    ask: (machine, { signal }) =>
      generation === undefined
        ? readConfiguration(machine, signal)
        : readGeneration(machine, generation, signal),
    drawAlone: renderConfiguration,
    drawBare: ({ configuration }) => (configuration === null ? "" : renderShownDocument(configuration)),
    draw: (shown, look) => [
      drawTable(
        [shown],
        [
          { header: "SOURCE", value: ({ source }) => toVisibleText(source) },
          { header: "GENERATION", align: "right", value: (each) => String(each.generation) },
          { header: "STATE", value: (each) => describeState(each, look) },
          { header: "KEYS", value: ({ configuration }) => listKeys(configuration) },
        ],
        "",
      ),
    ],
  };
}

export async function fetchConfiguration(
  machine: NamedMachine,
  { signal, timeoutMs = TIMEOUT_MS }: { signal: AbortSignal; timeoutMs?: number },
): Promise<GetConfigurationResponse> {
  const call = { purpose: "get the configuration", timeoutMs, signal };
  return callMachine(machine, call, ({ configuration }, options) =>
    configuration.getConfiguration({}, options),
  );
}

export async function readConfiguration(machine: NamedMachine, signal: AbortSignal) {
  const { document, source, generation, problems, trialUntil } = await fetchConfiguration(machine, {
    signal,
  });
  return {
    apiVersion: "socle/v1",
    kind: "MachineConfigurationView",
    machine: machine.name,
    /** "none", "generation", "image", "credential" or "drive". */
    source,
    /** 0 for what is no generation. */
    generation,
    /** RFC 3339; null when it is not on trial. */
    trialUntil: trialUntil === undefined ? null : timestampDate(trialUntil).toISOString(),
    /** Why it is refused. */
    problems: problems.map(toProblemDocument),
    /** Of a generation that was asked for. */
    record: null as ReturnType<typeof toGenerationDocument> | null,
    /** Without secrets; null when there is none. */
    configuration: parseShownDocument(document),
  };
}

export async function readGeneration(
  machine: NamedMachine,
  number: number,
  signal: AbortSignal,
): Promise<ConfigurationDocument> {
  const call = { purpose: `get generation ${number}`, timeoutMs: TIMEOUT_MS, signal };
  const { generation, document } = await callMachine(machine, call, ({ configuration }, options) =>
    configuration.getGeneration({ number }, options),
  );
  return {
    apiVersion: "socle/v1",
    kind: "MachineConfigurationView",
    machine: machine.name,
    source: "generation",
    generation: number,
    trialUntil: null,
    problems: [],
    record: generation === undefined ? null : toGenerationDocument(generation),
    configuration: parseShownDocument(document),
  };
}

function renderConfiguration(shown: ConfigurationDocument, look: Look): string {
  const { machine, source, generation, problems, configuration } = shown;
  const what = source === "generation" ? `generation ${generation}` : describeSource(source);
  return [
    look.paint("dim", `# ${machine}: ${toVisibleText(what)}, ${describeState(shown, look)}`),
    ...(problems.length === 0 ? [] : ["", ...renderMachineProblems(problems), ""]),
    configuration === null
      ? "# no document: the machine is as its image says\n"
      : renderShownDocument(configuration),
  ].join("\n");
}

const SOURCES: Readonly<Record<string, string>> = {
  none: "no configuration",
  image: "embedded in its image",
  credential: "from a credential",
  drive: "from a configuration drive",
};

function describeSource(source: string): string {
  return SOURCES[source] ?? source;
}

function describeState({ trialUntil, problems, record }: ConfigurationDocument, { now }: Look): string {
  if (problems.length > 0) return "refused";
  if (trialUntil !== null) return `on trial, goes back ${formatRelativeTime(new Date(trialUntil), now)}`;
  return record === null ? "in force" : toVisibleText(record.state);
}

function listKeys(configuration: unknown): string {
  if (typeof configuration !== "object" || configuration === null) return "–";
  const keys = Object.keys(configuration).filter((key) => key !== "apiVersion" && key !== "kind");
  return keys.map(toVisibleText).join(" ") || "–";
}
