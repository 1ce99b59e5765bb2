import { formatDuration } from "./formatDuration.ts";
import type { Paint } from "./paint.ts";
import type { StatusDocument } from "./statusDocument.ts";
import { renderTable } from "./table.ts";
import type { View } from "./update/renderGates.ts";
import {
  renderNext,
  renderRollbackReason,
  renderSpareSlot,
  toUpdateDetails,
} from "./update/renderUpdateState.ts";

/** The status for people: how it is first, then what runs, then the detail. */
export function renderStatus(status: StatusDocument, view: View): string {
  const { paint } = view;
  const { update } = status;
  const details: [label: string, text: string][] = [
    ["Level", renderLevel(status)],
    ["Seal", renderSeal(status)],
    ["Trust", renderTrust(status)],
    ["Boot", renderBoot(status)],
    ["Mounts", renderMounts(status)],
    ...(update === null ? [] : toUpdateDetails(update, view.now)),
    ["Failed", status.failedUnits.map(({ name, reason }) => `${name}  ${reason}`).join("\n") || "no unit"],
    [
      "System",
      `kernel ${status.kernelRelease} · agent ${status.agent.version} on Node ${status.agent.nodeVersion}`,
    ],
  ];
  return [
    `${renderHeadline(status, paint)}${update === null ? "" : renderNext(update, view)}`,
    ...status.problems.map((problem) => `${paint("red", "✗")} ${problem}`),
    "",
    ...renderSlots(status, view),
    "",
    ...details.map(([label, text]) => renderDetail(label, text)),
    "",
  ].join("\n");
}

function renderHeadline(
  { name, healthy, problems, systemState, uptimeUs }: StatusDocument,
  paint: Paint,
): string {
  const up = `up ${formatUs(uptimeUs)}`;
  if (healthy) return `${name} is ${paint("green", "healthy")}, ${up}`;
  if (problems.length > 0) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    return `${name} has ${paint("red", count)}, ${up}`;
  }
  return `${name} is ${paint("yellow", systemState || "in an unknown state")}, ${up}`;
}

/** What runs; with an updater also what is beside it, A first. */
function renderSlots(status: StatusDocument, view: View): string[] {
  const { update, booted, name } = status;
  if (update === null) return [renderSlot(status, view.paint)];
  const isShown = update.slots.some(({ slot, running }) => running && slot === booted.slot);
  return [
    ...(isShown ? [] : [renderSlot(status, view.paint)]),
    ...update.slots.map((slot) =>
      slot.running ? renderSlot(status, view.paint) : renderSpareSlot(slot, update, view),
    ),
    ...renderRollbackReason(update, name, view),
  ];
}

function renderSlot({ booted, image, bootCount, update }: StatusDocument, paint: Paint): string {
  const isTried = update === null ? bootCount?.blessed === false : update.phase === "trying";
  const triesLeft = update?.bootsLeft ?? bootCount?.triesLeft;
  const good = update === null ? "booted" : "booted, good";
  const words = [
    `${isTried ? paint("yellow", "◐") : paint("green", "●")} ${booted.slot ?? "–"}`,
    update?.runningVersion || image.version,
    isTried ? `booted, not yet good (${triesLeft} more tries)` : good,
    booted.rootHash === null ? "no root hash" : `root hash ${shorten(booted.rootHash)}`,
    booted.partition ? `${booted.partition.device} "${booted.partition.label}"` : "not on a partition",
  ];
  return words.join("  ");
}

function renderLevel({ image, trees }: StatusDocument): string {
  return `${image.level}: ${trees.map(({ path, policy }) => `${path} ${policy}`).join(" · ")}`;
}

function renderSeal({ booted, image }: StatusDocument): string {
  const verity = {
    none: "no verity",
    verified: "verity ok",
    corrupted: "verity CORRUPTED",
    unknown: "verity unknown",
  }[booted.verity];
  const words = [verity];
  if (booted.verity !== "none") {
    words.push(booted.rootHashMatches ? "root hash as booted" : "root hash NOT the one of the command line");
    words.push(booted.signed ? "root signed" : "root not signed");
    words.push(...booted.flags.map((flag) => flag.replaceAll("_", " ")));
  }
  if (image.signing === "development") words.push("development keys");
  return words.join(" · ");
}

/** What the firmware and the kernel let run. */
function renderTrust(status: StatusDocument): string {
  const words = [`Secure Boot ${status.secureBoot}`];
  if (status.lockdown !== null) words.push(`lockdown ${status.lockdown}`);
  words.push(renderExecutionControl(status));
  return words.join(" · ");
}

function renderExecutionControl({ executionControl, secureBoot }: StatusDocument): string {
  const { wanted, enforced, policies } = executionControl;
  const active = policies.find((policy) => policy.active);
  if (enforced && active) return `only signed code runs (policy ${active.name} ${active.version})`;
  if (wanted !== "signed") return "any code runs";
  return secureBoot === "on"
    ? "any code runs, which this image should NOT allow"
    : "any code runs (execution control needs Secure Boot)";
}

function renderBoot({ bootTimesUs: { agentReady, ...spans } }: StatusDocument): string {
  const totalUs = Object.values(spans).reduce((sum, span) => sum + span, 0);
  const parts = Object.entries(spans)
    .filter(([, spanUs]) => spanUs > 0)
    .map(([name, spanUs]) => `${name} ${formatUs(spanUs)}`);
  // Without userspace's end the sum is not that of a boot.
  const total = spans.userspace > 0 ? `${formatUs(totalUs)}: ` : "not finished: ";
  return `${total}${parts.join(" · ")} (agent ready ${formatUs(agentReady)} after the kernel's start)`;
}

/** The trees people ask about; the rest is counted. */
const SHOWN_TARGETS = new Set([
  "/",
  "/usr",
  "/etc",
  "/var",
  "/boot",
  "/efi",
  "/tmp",
  "/home",
  "/srv",
  "/opt",
]);
/** Of the options, those that decide what can be done there. */
const SHOWN_OPTIONS = ["noexec", "nosuid", "nodev"];

function renderMounts({ mounts }: StatusDocument): string {
  const shown = mounts.filter(({ target }) => SHOWN_TARGETS.has(target));
  const table = renderTable(
    [
      { header: "TARGET", value: ({ target }) => target },
      { header: "TYPE", value: ({ fstype }) => fstype },
      {
        header: "OPTIONS",
        value: ({ options, readOnly }) =>
          [readOnly ? "ro" : "rw", ...SHOWN_OPTIONS.filter((option) => options.includes(option))].join(),
      },
      { header: "SOURCE", value: ({ source }) => source },
    ],
    shown,
  );
  const hidden = mounts.length - shown.length;
  return `${table}${hidden > 0 ? `and ${hidden} more: -o json` : ""}`.trimEnd();
}

const LABEL_WIDTH = 9;

function renderDetail(label: string, text: string): string {
  const continuation = `\n${" ".repeat(2 + LABEL_WIDTH)}`;
  return `  ${label.padEnd(LABEL_WIDTH)}${text.replaceAll("\n", continuation)}`;
}

function shorten(digest: string): string {
  return digest.slice(0, 12);
}

function formatUs(us: number): string {
  return formatDuration(us / 1000);
}
