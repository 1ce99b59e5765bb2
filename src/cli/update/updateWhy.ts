import type { ExplainUpdateResponse } from "#protocol/gen/socle/v1/update_pb.ts";

import { formatRelativeTime } from "../formatRelativeTime.ts";
import { renderGates, type View } from "./renderGates.ts";
import {
  isInTheWay,
  toGateDocument,
  toReleaseDocument,
  toTime,
  type GateDocument,
} from "./updateStateDocument.ts";

/** For programs: `socle update why -o json`. */
export function toWhyDocument(machine: string, answer: ExplainUpdateResponse) {
  return {
    apiVersion: "socle/v1",
    kind: "UpdateGates",
    machine,
    runningVersion: answer.runningVersion,
    /** null when it could not be learned. */
    release: toReleaseDocument(answer.release),
    upToDate: answer.upToDate,
    /** In the order in which they are looked at. */
    gates: answer.gates.map(toGateDocument),
    /** null when the machine would not update by itself, or that is not known. */
    nextAutomatic: toTime(answer.nextAutomatic),
  };
}

export type WhyDocument = ReturnType<typeof toWhyDocument>;

/** The answer first, then every gate, then when the machine moves by itself. */
export function renderWhy(why: WhyDocument, view: View): string {
  const next =
    why.nextAutomatic === null ? "not planned" : formatRelativeTime(new Date(why.nextAutomatic), view.now);
  return [renderAnswer(why, view), "", renderGates(why.gates, view), `  next automatic: ${next}`, ""].join(
    "\n",
  );
}

function renderAnswer(
  { machine, runningVersion, release, upToDate, gates }: WhyDocument,
  view: View,
): string {
  const runs = `${machine} runs ${runningVersion}`;
  if (upToDate) return `${runs}, the newest release of its channel`;
  const target = release?.version ?? "the newest release";
  const closed = gates.filter(isInTheWay);
  if (closed.length > 0) return `${runs}; ${target} is stopped by: ${listNames(closed)}`;
  const automatic = gates.filter(({ open, lookedAt }) => lookedAt && !open);
  if (automatic.length > 0)
    return `${runs}; it does not take ${target} by itself yet: ${listNames(automatic)}`;
  return `${runs}; nothing stops ${target}: ${view.command} update apply ${machine}`;
}

export function listNames(gates: readonly GateDocument[]): string {
  return gates.map(({ name }) => name).join(", ");
}
