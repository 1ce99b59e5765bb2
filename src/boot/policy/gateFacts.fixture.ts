import { toReferenceTime } from "#trust/referenceTime.ts";

import { makeTestFacts } from "../updateFacts.fixture.ts";
import { makeTestRelease } from "../updateRelease.fixture.ts";
import type { GateFacts } from "./gate.ts";
import type { UpdatePolicy } from "./updatePolicy.ts";

export const V1 = makeTestRelease("1.0.0");
export const V2 = makeTestRelease("2.0.0");

/** A Wednesday. */
export const NOW = new Date("2026-06-10T01:00:00Z");

export const AUTOMATIC: UpdatePolicy = {
  repository: "http://127.0.0.1:8080/",
  channel: "stable",
  mode: "automatic",
  spreadSeconds: 0,
  minimumAgeSeconds: 0,
};

/** Runs 1.0.0, which is good; nothing is in the spare slot. */
export const IDLE = makeTestFacts({ running: V1, slots: { A: V1 }, entries: { "minimal_1.0.0.efi": V1 } });

/** The same, with 2.0.0 in place. */
export const STAGED = makeTestFacts({
  running: V1,
  slots: { A: V1, B: V2 },
  entries: { "minimal_1.0.0.efi": V1, "minimal_2.0.0+3-0.efi": V2 },
});

/** 2.0.0 was published an hour ago, and nothing is in its way. */
export const OPEN: GateFacts = {
  policy: AUTOMATIC,
  time: toReferenceTime({ system: NOW, notBefore: new Date("2026-01-01T00:00:00Z") }),
  machineId: "0123456789abcdef0123456789abcdef",
  facts: IDLE,
  release: { update: V2.release, published: { at: new Date("2026-06-10T00:00:00Z"), by: "channel" } },
  locks: [],
  freeStateBytes: 1 << 30,
};

export function withPolicy(facts: GateFacts, changes: Partial<UpdatePolicy>): GateFacts {
  return { ...facts, policy: { ...facts.policy, ...changes } };
}
