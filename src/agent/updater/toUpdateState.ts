import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import { compareBootEntries, type BootEntryFacts } from "#boot/bootOrder.ts";
import { formatWindow } from "#boot/policy/formatWindow.ts";
import type { UpdateHold, UpdatePolicy } from "#boot/policy/updatePolicy.ts";
import type { Slot as SlotFacts, SlotName } from "#boot/slots.ts";
import { findRunningSlot, findSlotThatHolds, isRunningEntry, type UpdateFacts } from "#boot/updateFacts.ts";
import { derivePhase, findWayBack, type UpdatePhase } from "#boot/updatePhase.ts";
import type { HealthReport } from "#health/healthReport.ts";
import { Slot } from "#protocol/gen/socle/v1/machine_pb.ts";
import {
  Phase,
  type BootEntryStateSchema,
  type GetUpdateStateResponseSchema,
  type HealthReportSchema,
  type HoldSchema,
  type QuarantinedReleaseSchema,
  type SlotStateSchema,
  type UpdateOperationSchema,
  type UpdatePolicySchema,
} from "#protocol/gen/socle/v1/update_pb.ts";

import type { QuarantineRecord } from "./updaterMachine.ts";

export interface UpdateStateInput {
  readonly facts: UpdateFacts;
  readonly bootId: string;
  readonly quarantine: readonly QuarantineRecord[];
  /** The newest first. */
  readonly reports: readonly HealthReport[];
  readonly policy: UpdatePolicy;
  readonly hold: UpdateHold | undefined;
  readonly operation: MessageInitShape<typeof UpdateOperationSchema> | undefined;
}

const REPORTS_MOST = 10;

export const SLOTS: Readonly<Record<SlotName, Slot>> = { A: Slot.A, B: Slot.B };

const PHASES: Readonly<Record<UpdatePhase["phase"], Phase>> = {
  idle: Phase.IDLE,
  downloading: Phase.DOWNLOADING,
  staged: Phase.STAGED,
  trying: Phase.TRYING,
  confirmed: Phase.CONFIRMED,
  "rolled-back": Phase.ROLLED_BACK,
};

export function toUpdateState(
  input: UpdateStateInput,
): MessageInitShape<typeof GetUpdateStateResponseSchema> {
  const { facts, bootId, quarantine, reports, policy, hold, operation } = input;
  const phase = derivePhase(facts);
  return {
    phase: toPhase(phase),
    id: facts.id,
    runningVersion: facts.running.version,
    runningRootHash: facts.running.rootHash,
    bootId,
    slots: [facts.slots.A, facts.slots.B].map((slot) => toSlotState(facts, slot)),
    entries: facts.bootFolder.entries
      .toSorted(compareBootEntries)
      .map((entry) => toBootEntryState(facts, entry)),
    otherVersion: toOtherVersion(phase),
    bootsLeft: "bootsLeft" in phase ? phase.bootsLeft : 0,
    wayBackVersion: findWayBack(facts)?.version ?? "",
    quarantined: quarantine
      .toSorted((a, b) => Date.parse(b.since) - Date.parse(a.since))
      .map((record) => toQuarantined(record, reports)),
    healthReports: reports.slice(0, REPORTS_MOST).map(toHealthReport),
    policy: toPolicy(policy),
    ...toHoldField(policy, hold),
    ...(operation && { operation }),
  };
}

export function toPhase({ phase }: UpdatePhase): Phase {
  return PHASES[phase];
}

/** As GetUpdateStateResponse says it. */
export function toOtherVersion(phase: UpdatePhase): string {
  switch (phase.phase) {
    case "downloading":
    case "staged":
    case "trying":
      return phase.version;
    case "rolled-back":
      return phase.failed.version;
    case "idle":
    case "confirmed":
      return "";
  }
}

/** That of the configuration comes first: nobody can end it by a call. */
export function toHoldField(
  policy: UpdatePolicy,
  hold: UpdateHold | undefined,
): { hold?: MessageInitShape<typeof HoldSchema> } {
  if (policy.hold !== undefined) return { hold: { reason: policy.hold.reason } };
  if (hold === undefined) return {};
  const { reason, since, until } = hold;
  const untilField = until === undefined ? {} : { until: timestampFromDate(new Date(until)) };
  return { hold: { reason, since: timestampFromDate(new Date(since)), ...untilField } };
}

function toSlotState(facts: UpdateFacts, slot: SlotFacts): MessageInitShape<typeof SlotStateSchema> {
  const { name, content } = slot;
  return {
    slot: SLOTS[name],
    content: content.kind,
    version: "version" in content ? content.version : "",
    rootHash: content.kind === "holds" ? content.rootHash : "",
    running: findRunningSlot(facts) === slot,
  };
}

function toBootEntryState(
  facts: UpdateFacts,
  entry: BootEntryFacts,
): MessageInitShape<typeof BootEntryStateSchema> {
  const { version, counter } = entry.name;
  const slot = findSlotThatHolds(facts.slots, entry.rootHash);
  return {
    fileName: entry.fileName,
    version,
    ...(counter && { triesLeft: counter.left }),
    triesDone: counter?.done ?? 0,
    slot: slot === undefined ? Slot.UNSPECIFIED : SLOTS[slot.name],
    running: isRunningEntry(facts, entry),
  };
}

function toQuarantined(
  { version, ukiSha256, since, reason, bootIds }: QuarantineRecord,
  reports: readonly HealthReport[],
): MessageInitShape<typeof QuarantinedReleaseSchema> {
  const evidence = reports.filter(({ bootId }) => bootIds.includes(bootId)).map(toHealthReport);
  return { version, digest: ukiSha256, since: timestampFromDate(new Date(since)), reason, evidence };
}

function toHealthReport(report: HealthReport): MessageInitShape<typeof HealthReportSchema> {
  const { bootId, version, rootHash, verdict, at, checks, figures } = report;
  return {
    bootId,
    version,
    rootHash,
    verdict,
    at: timestampFromDate(new Date(at)),
    checks: checks.map(({ name, verdict: found, says }) => ({ name, verdict: found, says })),
    figures: {
      bootUs: BigInt(Math.round(figures.bootUs)),
      memoryBytes: BigInt(Math.round(figures.memoryBytes)),
      restarts: figures.restarts,
    },
  };
}

function toPolicy(policy: UpdatePolicy): MessageInitShape<typeof UpdatePolicySchema> {
  const { repository = "", channel, mode, window, pin = "", floor = "", minimumAgeSeconds } = policy;
  return {
    repositoryUrl: repository,
    channel,
    mode,
    window: window === undefined ? "" : formatWindow(window),
    pin,
    floor,
    minimumAgeSeconds: BigInt(minimumAgeSeconds),
  };
}
