import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import type { DebugSessionSchema } from "#protocol/gen/socle/v1/debug_pb.ts";

import { readText, type Machine } from "../machineFacts.ts";
import {
  parseSessionRecord,
  RECORDINGS_FOLDER,
  toSessionPaths,
  type SessionRecord,
} from "./sessionRecord.ts";

/** The newest first. Those of before a reset are gone, and at level `total` those of before the boot. */
export async function listSessions(
  machine: Pick<Machine, "readFile" | "readEntry" | "listFolder">,
): Promise<MessageInitShape<typeof DebugSessionSchema>[]> {
  const names = await machine.listFolder(RECORDINGS_FOLDER);
  const records = await Promise.all(
    names
      .filter((name) => name.endsWith(".json"))
      .map(async (name) =>
        parseSessionRecord((await readText(machine, `${RECORDINGS_FOLDER}/${name}`)) ?? ""),
      ),
  );
  const known = records.filter((record) => record !== undefined);
  const newestFirst = known.toSorted((a, b) => (a.id < b.id ? 1 : -1));
  return Promise.all(newestFirst.map((record) => toMessage(machine, record)));
}

async function toMessage(
  machine: Pick<Machine, "readEntry">,
  { id, who, reason, began, until, ended }: SessionRecord,
): Promise<MessageInitShape<typeof DebugSessionSchema>> {
  const { recording } = toSessionPaths(id);
  const entry = await machine.readEntry(recording);
  return {
    id,
    who,
    reason,
    began: timestampFromDate(new Date(began)),
    until: timestampFromDate(new Date(until)),
    ...(ended === undefined ? {} : { ended: timestampFromDate(new Date(ended)) }),
    recordingBytes: BigInt(entry?.sizeBytes ?? 0),
    recording,
  };
}
