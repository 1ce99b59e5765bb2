import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { EventSchema, type Event } from "#protocol/gen/socle/v1/events_pb.ts";

import { isUnknownCall, type MachineClients } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { toVisibleText } from "../diff/visibleText.ts";
import type { ExitCode } from "../exitCode.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import type { EventKind } from "./eventKinds.ts";
import { followed } from "./showLogs.ts";
import { toDocument, type Document, type DocumentValue } from "./toDocument.ts";
import { writeRecord } from "./writeRecord.ts";

type Context = Pick<CommandContext, "stdout" | "signal" | "output">;

export interface EventsOptions {
  /** All when absent. */
  readonly only?: readonly EventKind[];
}

/** Everything that changes, from now on, until Ctrl-C. */
export async function showEvents(
  machine: NamedMachine,
  { only }: EventsOptions,
  context: Context,
): Promise<ExitCode> {
  const show = (event: Event) => {
    const kind = event.event.case ?? "unknown";
    // Whoever asks for some must know all the same that some are missing.
    if (only !== undefined && kind !== "missed" && !only.some((one) => one === kind)) return;
    const document = toDocument(EventSchema, event);
    const at = event.at === undefined ? "--:--:--" : timestampDate(event.at).toISOString().slice(11, 19);
    writeRecord(document, context, () => `${at}  ${kind.padEnd(KIND_WIDTH)}  ${describe(document[kind])}`);
  };
  const watch = (open: (clients: MachineClients, call: object) => AsyncIterable<Event | undefined>) =>
    followed(machine, "watch the events", context, async (clients, call) => {
      for await (const event of open(clients, call)) if (event !== undefined) show(event);
    });
  try {
    return await watch(watchEvents);
  } catch (error) {
    // A machine from before there were others tells of updates only.
    if (!isUnknownCall(error)) throw error;
    return await watch(watchUpdates);
  }
}

/** The longest, `configuration`. */
const KIND_WIDTH = 13;

async function* watchEvents({ observe }: MachineClients, call: object): AsyncGenerator<Event | undefined> {
  for await (const { event } of observe.watchEvents({}, call)) yield event;
}

async function* watchUpdates({ update }: MachineClients, call: object): AsyncGenerator<Event> {
  for await (const { event: value } of update.watchUpdates({}, call)) {
    if (value === undefined) continue;
    const { at } = value;
    yield create(EventSchema, { ...(at && { at }), event: { case: "update", value } });
  }
}

/** Whatever an event has, as `name=value`: those of later machines too. What an update did stands before what it did it with. */
function describe(value: DocumentValue | undefined): string {
  if (!isDocument(value)) return "";
  const words = Object.entries(value).flatMap(([key, field]) => {
    if (!isSaid(field) || HIDDEN.has(key)) return [];
    return isDocument(field) ? [key, describe(field)] : [`${key}=${toText(field)}`];
  });
  return words.filter((word) => word !== "").join("  ");
}

/** Of an update event: its place among others, and its time, which stands before it. */
const HIDDEN: ReadonlySet<string> = new Set(["sequence", "at", "operationId"]);

function isDocument(value: DocumentValue | undefined): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSaid(value: DocumentValue): boolean {
  return value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
}

function toText(value: DocumentValue): string {
  return toVisibleText(typeof value === "string" ? value : JSON.stringify(value));
}
