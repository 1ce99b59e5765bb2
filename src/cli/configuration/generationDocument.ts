import { timestampDate } from "@bufbuild/protobuf/wkt";

import type { Generation } from "#protocol/gen/socle/v1/configuration_pb.ts";

/** For programs: a generation without its document. */
export function toGenerationDocument(generation: Generation) {
  const { number, at, who, reason, healthyOn, state, revertedBecause, digest } = generation;
  return {
    number,
    /** "current", "previous", "reverted" or "trial". */
    state,
    at: at === undefined ? null : timestampDate(at).toISOString(),
    who,
    reason,
    /** Versions of the system. */
    healthyOn,
    revertedBecause: revertedBecause === "" ? null : revertedBecause,
    digest,
  };
}

export type GenerationDocument = ReturnType<typeof toGenerationDocument>;
