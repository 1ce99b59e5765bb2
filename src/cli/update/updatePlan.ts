import type { PlanUpdateResponse } from "#protocol/gen/socle/v1/update_pb.ts";

import { formatBytes } from "../formatBytes.ts";
import { toSlotName } from "../slotName.ts";
import { renderGates, type View } from "./renderGates.ts";
import { isInTheWay, toGateDocument, toReleaseDocument } from "./updateStateDocument.ts";

/** For programs: `socle update plan -o json`. */
export function toPlanDocument(machine: string, plan: PlanUpdateResponse) {
  const gates = plan.gates.map(toGateDocument);
  return {
    apiVersion: "socle/v1",
    kind: "UpdatePlan",
    machine,
    runningVersion: plan.runningVersion,
    /** null when it could not be learned which one is meant. */
    release: toReleaseDocument(plan.release),
    /** Whether an update would be refused now: a gate stands in its way. */
    refused: gates.some(isInTheWay),
    gates,
    /** What is left to do, in order; empty when there is nothing to do or it is refused. */
    steps: plan.steps.map(({ kind, says }) => ({ kind, says })),
    fetchBytes: Number(plan.fetchBytes),
    slot: toSlotName(plan.slot),
    lostVersion: plan.lostVersion || null,
    wayBackVersion: plan.wayBackVersion || null,
    needsReboot: plan.needsReboot,
    packages: plan.packages.map(({ name, from, to }) => ({ name, from: from || null, to: to || null })),
    units: plan.units.map(({ name, change }) => ({ name, change })),
  };
}

export type PlanDocument = ReturnType<typeof toPlanDocument>;

/** More are counted: a plan must fit the screen above its question. */
const MAX_CHANGES = 20;

export function renderPlan(plan: PlanDocument, view: View): string {
  const { machine, runningVersion, release, gates, refused } = plan;
  if (refused) {
    const target = release === null ? "an update" : `${runningVersion} → ${release.version}`;
    return `${view.paint("red", view.marks.failed)} refused for ${machine}: ${target}\n${renderGates(gates.filter(isInTheWay), view)}`;
  }
  if (release === null || plan.steps.length === 0)
    return `${machine} runs ${runningVersion} already: nothing to do\n`;
  return [
    `Plan for ${machine}   ${runningVersion} → ${release.version}`,
    ...renderRows(plan),
    ...renderChanges("Packages", plan.packages.map(renderPackage)),
    ...renderChanges(
      "Units",
      plan.units.map(({ name, change }) => `${toSign(change)} ${name}`),
    ),
    "",
  ].join("\n");
}

function renderRows(plan: PlanDocument): string[] {
  const lost = plan.lostVersion === null ? "" : ` (its ${plan.lostVersion} is lost)`;
  const back =
    plan.wayBackVersion === null
      ? "none: no version that was found good is left to go back to"
      : `automatic: failed boots or failed checks return to ${plan.wayBackVersion}`;
  const rows: [label: string, text: string][] = [
    ["write to", plan.slot === null ? "no slot: only the kernel image changes" : `slot ${plan.slot}${lost}`],
    ["download", plan.fetchBytes === 0 ? "nothing" : `at most ${formatBytes(plan.fetchBytes)}`],
    ["reboot", plan.needsReboot ? "needed" : "not needed"],
    ["undo", back],
  ];
  return rows.map(([label, text]) => `  ${label.padEnd(12)} ${text}`);
}

function renderPackage({ name, from, to }: PlanDocument["packages"][number]): string {
  if (from === null) return `+ ${name} ${to}`;
  if (to === null) return `- ${name} ${from}`;
  return `~ ${name} ${from} → ${to}`;
}

const SIGNS: Readonly<Record<string, string>> = { added: "+", removed: "-" };

function toSign(change: string): string {
  return SIGNS[change] ?? "~";
}

function renderChanges(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - MAX_CHANGES;
  return [
    "",
    `${title}   ${lines.length} changed`,
    ...lines.slice(0, MAX_CHANGES).map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${more} more: -o json`] : []),
  ];
}
