import { timestampDate } from "@bufbuild/protobuf/wkt";
import { UpdateEventSchema } from "#protocol/gen/socle/v1/update_pb.ts";

import type { CommandContext } from "../commandContext.ts";
import { toVisibleText } from "../diff/visibleText.ts";
import type { ExitCode } from "../exitCode.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { followed } from "./showLogs.ts";
import { toDocument, type Document, type DocumentValue } from "./toDocument.ts";
import { writeRecord } from "./writeRecord.ts";

/** Everything that changes, from now on, until Ctrl-C. */
export async function showEvents(
  machine: NamedMachine,
  context: Pick<CommandContext, "stdout" | "signal" | "output">,
): Promise<ExitCode> {
  return followed(machine, "watch the events", context, async ({ update }, call) => {
    for await (const { event } of update.watchUpdates({}, call)) {
      if (event === undefined) continue;
      const document = toDocument(UpdateEventSchema, event);
      const at = event.at === undefined ? "--:--:--" : timestampDate(event.at).toISOString().slice(11, 19);
      writeRecord(document, context, () => `${at}  ${describe(event.event.case ?? "unknown", document)}`);
    }
  });
}

/** Whatever an event has, as `name=value`: those of later machines too. */
function describe(name: string, document: Document): string {
  const value = document[name];
  const isFields = typeof value === "object" && value !== null && !Array.isArray(value);
  const fields = isFields ? Object.entries(value as Document) : [];
  const words = fields.filter(([, field]) => isSaid(field)).map(([key, field]) => `${key}=${toText(field)}`);
  return [name.padEnd(8), ...words].join("  ");
}

function isSaid(value: DocumentValue): boolean {
  return value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
}

function toText(value: DocumentValue): string {
  return toVisibleText(typeof value === "string" ? value : JSON.stringify(value));
}
