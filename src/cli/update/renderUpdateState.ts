import { wrapText } from "../diff/wrapText.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import type { View } from "./renderGates.ts";
import { renderFailedChecks } from "./updateResult.ts";
import { findFailure, type UpdateStateDocument } from "./updateStateDocument.ts";

type SlotDocument = UpdateStateDocument["slots"][number];

/** What comes next, to stand behind the first words of a status. */
export function renderNext(state: UpdateStateDocument, { paint, now }: View): string {
  const { phase, otherVersion, bootsLeft, runningVersion, operation } = state;
  if (operation !== null) {
    const since =
      operation.since === null ? "" : `, begun ${formatRelativeTime(new Date(operation.since), now)}`;
    const goal = operation.kind === "rollback" ? "going back" : "updating";
    return `; ${paint("yellow", goal)}${operation.version === null ? "" : ` to ${operation.version}`}${since}`;
  }
  switch (phase) {
    case "staged":
      return `; ${otherVersion} is ${paint("yellow", "staged")} and starts at the next boot`;
    case "trying":
      return `; ${paint("yellow", "TRYING")} ${runningVersion}, ${renderTries(bootsLeft)}`;
    case "rolled-back":
      return `; ${paint("red", "ROLLED BACK")} from ${otherVersion} to ${runningVersion}${renderSince(state, now)}`;
    case "downloading":
      return `; ${otherVersion ?? "an update"} is there in part: an update goes on where it stopped`;
    case "idle":
    case "confirmed":
    case "unknown":
      return ", nothing pending";
  }
}

function renderSince({ quarantined, otherVersion }: UpdateStateDocument, now: Date): string {
  const since = quarantined.find(({ version }) => version === otherVersion)?.since ?? null;
  return since === null ? "" : `, ${formatRelativeTime(new Date(since), now)}`;
}

function renderTries(bootsLeft: number): string {
  if (bootsLeft === 0) return "the last try";
  return bootsLeft === 1 ? "1 more try" : `${bootsLeft} more tries`;
}

/** `○ B  1.0  rollback, good`: what is in a slot that does not run. */
export function renderSpareSlot(slot: SlotDocument, state: UpdateStateDocument, { paint }: View): string {
  const rootHash = slot.rootHash === null ? [] : [`root hash ${slot.rootHash.slice(0, 12)}`];
  const [mark, words] = describeSpareSlot(slot, state);
  const painted = mark === "✗" ? paint("red", mark) : mark;
  return [
    `${painted} ${slot.slot ?? "–"}`,
    ...(slot.version === null ? [] : [slot.version]),
    words,
    ...rootHash,
  ].join("  ");
}

function describeSpareSlot(slot: SlotDocument, state: UpdateStateDocument): [mark: string, words: string] {
  const { phase, otherVersion, wayBackVersion } = state;
  if (slot.content === "free") return ["○", "free"];
  if (slot.content === "partial") return ["○", "written in part"];
  if (slot.content !== "holds") return ["○", "holds something that no update has written"];
  const isOther = slot.version === otherVersion;
  if (phase === "staged" && isOther) return ["→", "staged, boots next"];
  if (phase === "rolled-back" && isOther) return ["✗", "bad, not tried again"];
  if (slot.version === wayBackVersion) return ["○", phase === "trying" ? "fallback, good" : "rollback, good"];
  return ["○", "not bootable"];
}

/** Why the machine rolled back, and what to do; nothing in any other phase. */
export function renderRollbackReason(state: UpdateStateDocument, name: string, view: View): string[] {
  if (state.phase !== "rolled-back") return [];
  const { reason, evidence } = findFailure(state, state.otherVersion);
  return [
    ...(reason === null ? [] : wrapText(reason, 80, "  ", "  ")),
    ...renderFailedChecks(evidence, view),
    `  Not tried again until:  ${view.command} update apply ${name} --retry`,
  ];
}

/** What the details of a status say of updates. */
export function toUpdateDetails(
  { policy, hold, healthReports, bootId, quarantined }: UpdateStateDocument,
  now: Date,
): [label: string, text: string][] {
  const report = healthReports.find((found) => found.bootId === bootId);
  const passed = report?.checks.filter(({ verdict }) => verdict === "pass").length ?? 0;
  const failed = report?.checks.filter(({ verdict }) => verdict !== "pass") ?? [];
  const details: [label: string, text: string][] = [];
  if (report !== undefined)
    details.push([
      "Health",
      [
        `${passed} of ${report.checks.length} checks passed`,
        ...failed.map(({ name, says }) => `${name}: ${says}`),
      ].join("\n"),
    ]);
  if (policy !== null) details.push(["Update", renderPolicy(policy)]);
  if (hold !== null) {
    const until = hold.until === null ? "" : `, ends ${formatRelativeTime(new Date(hold.until), now)}`;
    details.push(["Hold", `${hold.reason}${until}`]);
  }
  if (quarantined.length > 0)
    details.push([
      "Refused",
      quarantined.map(({ version, digest }) => `${version} (${digest.slice(0, 12)})`).join(" · "),
    ]);
  return details;
}

function renderPolicy(policy: NonNullable<UpdateStateDocument["policy"]>): string {
  if (policy.repository === null) return "no repository is configured";
  const words = [`${policy.mode}, channel ${policy.channel ?? "stable"} of ${policy.repository}`];
  if (policy.window !== null) words.push(policy.window);
  if (policy.pin !== null) words.push(`pinned to ${policy.pin}`);
  if (policy.floor !== null) words.push(`not below ${policy.floor}`);
  return words.join(" · ");
}
