import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import {
  Phase,
  type AvailableRelease,
  type Gate,
  type GetUpdateStateResponse,
  type HealthReport,
  type Hold,
  type UpdateOperation,
} from "#protocol/gen/socle/v1/update_pb.ts";

import { toSlotName } from "../slotName.ts";

export type PhaseWord =
  | "idle"
  | "downloading"
  | "staged"
  | "trying"
  | "confirmed"
  | "rolled-back"
  | "unknown";

const PHASE_WORDS: Readonly<Record<number, PhaseWord>> = {
  [Phase.IDLE]: "idle",
  [Phase.DOWNLOADING]: "downloading",
  [Phase.STAGED]: "staged",
  [Phase.TRYING]: "trying",
  [Phase.CONFIRMED]: "confirmed",
  [Phase.ROLLED_BACK]: "rolled-back",
};

/** A later machine may have more. */
export function toPhaseWord(phase: Phase): PhaseWord {
  return PHASE_WORDS[phase] ?? "unknown";
}

/** RFC 3339, UTC; null where there is none. */
export function toTime(at: Timestamp | undefined): string | null {
  return at === undefined ? null : timestampDate(at).toISOString();
}

/** For programs: `update` of `socle status -o json`. */
export function toUpdateStateDocument(state: GetUpdateStateResponse) {
  const { policy } = state;
  return {
    phase: toPhaseWord(state.phase),
    id: state.id,
    runningVersion: state.runningVersion,
    runningRootHash: state.runningRootHash || null,
    bootId: state.bootId,
    slots: state.slots.map(({ slot, content, version, rootHash, running }) => ({
      slot: toSlotName(slot),
      content,
      version: version || null,
      rootHash: rootHash || null,
      running,
    })),
    entries: state.entries.map(({ fileName, version, triesLeft, triesDone, slot, running }) => ({
      fileName,
      version,
      /** null: it was found good, and is not counted any more. */
      triesLeft: triesLeft ?? null,
      triesDone,
      slot: toSlotName(slot),
      running,
    })),
    /** Staged: what comes. Trying: what runs. Rolled back: what failed. Downloading: what is written. */
    otherVersion: state.otherVersion || null,
    bootsLeft: state.bootsLeft,
    wayBackVersion: state.wayBackVersion || null,
    quarantined: state.quarantined.map(({ version, digest, since, reason, evidence }) => ({
      version,
      digest,
      since: toTime(since),
      reason,
      evidence: evidence.map(toHealthReportDocument),
    })),
    healthReports: state.healthReports.map(toHealthReportDocument),
    policy: policy
      ? {
          repository: policy.repositoryUrl || null,
          channel: policy.channel || null,
          mode: policy.mode,
          window: policy.window || null,
          pin: policy.pin || null,
          floor: policy.floor || null,
          minimumAgeSeconds: Number(policy.minimumAgeSeconds),
        }
      : null,
    hold: toHoldDocument(state.hold),
    operation: toOperationDocument(state.operation),
  };
}

export type UpdateStateDocument = ReturnType<typeof toUpdateStateDocument>;

/** Why a version was not found good; of its boots the newest first. */
export function findFailure(
  { quarantined, healthReports }: UpdateStateDocument,
  failed: string | null,
): { readonly reason: string | null; readonly evidence: readonly HealthReportDocument[] } {
  const quarantine = quarantined.find(({ version }) => version === failed);
  if (quarantine !== undefined && quarantine.evidence.length > 0) return quarantine;
  const evidence = healthReports.filter(({ version, verdict }) => version === failed && verdict === "fail");
  return { reason: quarantine?.reason || null, evidence };
}

export function toHealthReportDocument(report: HealthReport) {
  const { bootId, version, rootHash, verdict, at, checks, figures } = report;
  return {
    bootId,
    version,
    rootHash: rootHash || null,
    verdict,
    at: toTime(at),
    checks: checks.map((check) => ({ name: check.name, verdict: check.verdict, says: check.says })),
    figures: figures
      ? {
          bootUs: Number(figures.bootUs),
          memoryBytes: Number(figures.memoryBytes),
          restarts: figures.restarts,
        }
      : null,
  };
}

export type HealthReportDocument = ReturnType<typeof toHealthReportDocument>;

export function toHoldDocument(hold: Hold | undefined) {
  return hold ? { reason: hold.reason, until: toTime(hold.until), since: toTime(hold.since) } : null;
}

export type HoldDocument = NonNullable<ReturnType<typeof toHoldDocument>>;

function toOperationDocument(operation: UpdateOperation | undefined) {
  if (operation === undefined) return null;
  const { id, kind, version, caller, since } = operation;
  return { id, kind, version: version || null, caller, since: toTime(since) };
}

export function toReleaseDocument(release: AvailableRelease | undefined) {
  if (release === undefined) return null;
  const { id, version, rootHash, sizeBytes } = release;
  return { id, version, rootHash: rootHash || null, sizeBytes: Number(sizeBytes) };
}

export function toGateDocument({ name, open, says, opensAt, hint, lookedAt, automaticOnly }: Gate) {
  return { name, open, says, opensAt: toTime(opensAt), hint: hint || null, lookedAt, automaticOnly };
}

export type GateDocument = ReturnType<typeof toGateDocument>;

/** Closed, and in the way of an update that is asked for. */
export function isInTheWay({ open, lookedAt, automaticOnly }: GateDocument): boolean {
  return lookedAt && !open && !automaticOnly;
}
