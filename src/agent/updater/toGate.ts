import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import type { Gate } from "#boot/policy/gate.ts";
import type { UpdateGate } from "#boot/updateGates.ts";
import type { GateSchema } from "#protocol/gen/socle/v1/update_pb.ts";

export function toGate(gate: Gate): MessageInitShape<typeof GateSchema> {
  const { name, isOpen, says, opensAt, hint = "", lookedAt, automaticOnly } = gate;
  const opens = opensAt === undefined ? {} : { opensAt: timestampFromDate(opensAt) };
  return { name, open: isOpen, says, ...opens, hint, lookedAt, automaticOnly };
}

/** One of the engine's own. */
export function toEngineGate({ name, isOpen, says }: Pick<UpdateGate, "isOpen" | "says"> & { name: string }) {
  return { name, open: isOpen, says, hint: "", lookedAt: true, automaticOnly: false };
}
