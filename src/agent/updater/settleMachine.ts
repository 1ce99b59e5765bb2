import { hasFailed, type BootEntryFacts } from "#boot/bootOrder.ts";
import { listLeft, planSettle } from "#boot/planStaying.ts";
import { runPlan, toStepsPlan } from "#boot/runPlan.ts";
import {
  findGoodRunningEntry,
  findSlotThatHolds,
  isRunningEntry,
  type UpdateFacts,
} from "#boot/updateFacts.ts";
import { UNFINISHED_BOOTS_MOST } from "#boot/unfinishedBoots.ts";
import { findWayBack } from "#boot/updatePhase.ts";
import type { HealthReport } from "#health/healthReport.ts";

import type { Log } from "../log.ts";
import { NO_SOURCE } from "./rollBack.ts";
import { sayStep } from "./sayStep.ts";
import type { QuarantineRecord, UpdaterMachine } from "./updaterMachine.ts";
import type { UpdateLook } from "./updateSituation.ts";

/**
 * What is to be done after a boot, before anything else: a build that failed is remembered with the evidence, and one
 * that the machine was taken back from is put behind the one that runs. Nothing while what runs is being tried.
 */
export async function settleMachine(look: UpdateLook, clock: () => Date, log: Log): Promise<void> {
  const facts = await look.readFacts();
  const running = findGoodRunningEntry(facts);
  if (running === undefined) return;
  const machine = await look.openMachine();
  const known = new Set((await machine.records.readQuarantine()).map(({ ukiSha256 }) => ukiSha256));
  // It was tried again, and is good now.
  if (known.has(running.sha256)) await machine.records.removeQuarantine(running.sha256);

  const left = listLeft(facts).filter((entry) => leadsToSlot(facts, entry));
  const failed = facts.bootFolder.entries.filter(
    (entry) => hasFailed(entry) && leadsToSlot(facts, entry) && !isRunningEntry(facts, entry),
  );
  const goneBackFrom = await machine.wayBack.readGoneBackFrom();
  const reports = left.length + failed.length > 0 ? await machine.readHealthReports() : [];
  // Remembered first: else a cut in between would leave it set aside, and nobody would know why.
  for (const entry of [...failed, ...left]) {
    if (known.has(entry.sha256) || isGoodElsewhere(facts, entry, running.sha256)) continue;
    const reason = failed.includes(entry)
      ? explainFailure(entry, reports)
      : explainLeaving(entry, goneBackFrom, facts.running.version);
    const record = toRecord(entry, reason, reports, clock());
    await machine.records.writeQuarantine(record);
    log("warning", "release quarantined", { version: record.version, digest: record.ukiSha256, reason });
  }
  if (left.length > 0) await setAside(look, machine, log);
  if (goneBackFrom !== undefined) await machine.wayBack.forgetGoneBack();
  // For a start of what runs now that does not come to its end: the initrd knows no versions.
  const settled = left.length > 0 ? await look.readFacts() : facts;
  await machine.wayBack.prepare(findWayBack(settled)?.fileName);
}

async function setAside(look: UpdateLook, machine: UpdaterMachine, log: Log): Promise<void> {
  await runPlan(
    { disk: machine.disk, bootFolder: machine.bootFolder, loader: machine.loader, source: NO_SOURCE },
    (now) => toStepsPlan(planSettle(now), { kind: "settled" } as const),
    async () => look.readFacts(),
    { onStep: (step) => log("info", "step", { kind: step.kind, says: sayStep(step) }) },
  );
}

/** The initrd goes back by itself from a confirmed system that does not come up any more. */
function explainLeaving({ fileName }: BootEntryFacts, goneBackFrom: string | undefined, to: string): string {
  return fileName === goneBackFrom
    ? `${UNFINISHED_BOOTS_MOST} starts, one after another, did not come to their end, so the machine went back to ${to}`
    : `the machine was taken back from it to ${to}`;
}

function leadsToSlot({ slots }: UpdateFacts, { rootHash }: BootEntryFacts): boolean {
  return findSlotThatHolds(slots, rootHash) !== undefined;
}

/** Two names can be left of one file (docs/updates.md): if one of them says that it is good, it is. */
function isGoodElsewhere({ bootFolder }: UpdateFacts, entry: BootEntryFacts, runningSha256: string): boolean {
  const isGood = ({ sha256, name }: BootEntryFacts) => sha256 === entry.sha256 && name.counter === undefined;
  return entry.sha256 === runningSha256 || (hasFailed(entry) && bootFolder.entries.some(isGood));
}

function explainFailure({ name, sha256 }: BootEntryFacts, reports: readonly HealthReport[]): string {
  const report = reports.find(({ ukiSha256, verdict }) => ukiSha256 === sha256 && verdict === "fail");
  const faults = report?.checks.filter(({ verdict }) => verdict === "fail") ?? [];
  if (faults.length > 0) return faults.map((check) => `${check.name}: ${check.says}`).join("; ");
  const starts = name.counter?.done ?? 0;
  return `it did not reach its health check in ${starts} ${starts === 1 ? "start" : "starts"}`;
}

function toRecord(
  { name, sha256, rootHash = "" }: BootEntryFacts,
  reason: string,
  reports: readonly HealthReport[],
  now: Date,
): QuarantineRecord {
  return {
    version: name.version,
    ukiSha256: sha256,
    rootHash,
    since: now.toISOString(),
    reason,
    bootIds: reports.filter(({ ukiSha256 }) => ukiSha256 === sha256).map(({ bootId }) => bootId),
  };
}
