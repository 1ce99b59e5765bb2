import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import * as z from "zod/mini";

import type { ListBootsResponseSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import type { Machine } from "../machineFacts.ts";
import { toUuid } from "./journalLine.ts";

/** Of what `journalctl --list-boots --output=json` says. Times in microseconds since 1970. */
const boots = z.array(
  z.object({ index: z.number(), boot_id: z.string(), first_entry: z.number(), last_entry: z.number() }),
);

/** What is known of a boot beside the journal. */
export interface BootVerdict {
  readonly bootId: string;
  readonly version: string;
  readonly verdict: string;
}

/** @param verdicts of the health reports that the machine keeps */
export async function listBoots(
  machine: Pick<Machine, "run">,
  verdicts: readonly BootVerdict[],
): Promise<MessageInitShape<typeof ListBootsResponseSchema>> {
  const json = await machine.run("journalctl", ["--list-boots", "--output=json", "--no-pager", "--quiet"]);
  const found = boots.parse(JSON.parse(json.trim() === "" ? "[]" : json));
  return {
    boots: found
      .toSorted((a, b) => b.index - a.index)
      .map(({ index, boot_id, first_entry, last_entry }) => {
        const bootId = toUuid(boot_id);
        const known = verdicts.find((verdict) => verdict.bootId === bootId);
        return {
          bootId,
          offset: index,
          first: timestampFromMs(Math.floor(first_entry / 1000)),
          last: timestampFromMs(Math.floor(last_entry / 1000)),
          version: known?.version ?? "",
          verdict: known?.verdict ?? "",
        };
      }),
  };
}
