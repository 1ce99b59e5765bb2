import { toVisibleText } from "../diff/visibleText.ts";
import { fitToWidth, padToWidth } from "../fitToWidth.ts";
import { formatBytes } from "../formatBytes.ts";
import { formatDuration } from "../formatDuration.ts";
import type { Marks } from "../marks.ts";
import type { Paint, Style } from "../paint.ts";
import { PRIORITY_WORDS } from "../observe/priorityWords.ts";
import { describeUnitState } from "../observe/unitState.ts";
import { TABS, type DashboardState } from "./dashboardState.ts";
import { toRates, type Rates } from "./toRates.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Look {
  readonly marks: Marks;
  readonly paint: Paint;
}

/** Colour comes last, so that everything before is measured and cut as plain text. */
type Line = string | { readonly text: string; readonly style: Style };

/** Exactly `rows` lines, none wider than the screen. */
export function renderDashboard(state: DashboardState, { columns, rows }: Size, look: Look): string {
  const head = [renderTitle(state, columns), renderFigures(state, look), ""];
  const body = state.isHelp ? HELP : renderTab(state, rows - head.length - 1, look);
  const room = Math.max(0, rows - head.length - 1);
  const filled = [...body, ...Array.from<string>({ length: room }).fill("")].slice(0, room);
  return [...head, ...filled, { text: renderFooter(state), style: "dim" as const }]
    .slice(-rows)
    .map((line) => (typeof line === "string" ? { text: line, style: undefined } : line))
    .map(({ text, style }) => {
      const cut = fitToWidth(text, columns);
      return style === undefined ? cut : look.paint(style, cut);
    })
    .join("\n");
}

const HELP = [
  "  1 to 5   another view",
  "  ?        this help; any key closes it",
  "  q        the end, as Ctrl-C",
  "",
  "  Nothing here changes the machine. What is shown comes from it every two seconds, the log at once.",
];

/** ` edge-01 · 1.0.0 (B, good) · up 3 h 12 min · healthy        12:41:07`. */
function renderTitle({ machine, status, connection, now }: DashboardState, columns: number): Line {
  const words = [machine];
  if (status !== undefined) {
    const { booted, image, update, uptimeUs } = status;
    const phase = update === null ? "" : `, ${update.phase === "idle" ? "good" : update.phase}`;
    words.push(`${update?.runningVersion || image.version} (${booted.slot ?? "–"}${phase})`);
    words.push(`up ${formatDuration(uptimeUs / 1000)}`, describeHealth(status));
  }
  if (connection.state !== "live") words.push(connection.state);
  const clock = `${now.toISOString().slice(11, 19)} `;
  const left = fitToWidth(` ${words.map(toVisibleText).join(" · ")}`, columns - clock.length - 1);
  const style =
    connection.state === "reconnecting" ? "yellow" : status?.healthy === false ? "red" : ("bold" as const);
  return { text: padToWidth(left, columns - clock.length) + clock, style };
}

function describeHealth({ healthy, problems, systemState }: NonNullable<DashboardState["status"]>): string {
  if (healthy) return "healthy";
  if (problems.length > 0) return problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return systemState || "unknown";
}

/** ` CPU ▂▃▅▂▁▂ 14 %   MEM 412 MB/2.0 GB   VAR 31 %   NET ↓ 0.2 ↑ 0.1 MB/s`. */
function renderFigures({ loads, disks }: DashboardState, { marks }: Look): string {
  const rates = loads
    .map((load, at) => (at === 0 ? undefined : toRates(loads[at - 1] ?? load, load)))
    .filter((rate) => rate !== undefined);
  const [last, load] = [rates.at(-1), loads.at(-1)];
  const figures = [
    `CPU ${toSparks(rates.slice(-6), marks)}${last ? `${Math.round(last.cpu * 100)} %` : "–"}`,
  ];
  if (load !== undefined) {
    const used = load.memoryTotalBytes - load.memoryAvailableBytes;
    figures.push(`MEM ${formatBytes(Number(used))} of ${formatBytes(Number(load.memoryTotalBytes))}`);
  }
  const data = disks?.fileSystems.find(({ target }) => target === "/var");
  if (data !== undefined) figures.push(`VAR ${toUsedPercent(data)} %`);
  const [down, up] = marks.ok === "✓" ? ["↓", "↑"] : ["in", "out"];
  if (last !== undefined) {
    figures.push(`NET ${down} ${toMegabytes(last.receivedBytes)} ${up} ${toMegabytes(last.sentBytes)} MB/s`);
  }
  return ` ${figures.join("   ")}`;
}

const SPARKS = "▁▂▃▄▅▆▇█";

function toSparks(rates: readonly Rates[], marks: Marks): string {
  if (marks.ok !== "✓" || rates.length === 0) return "";
  return `${rates.map(({ cpu }) => SPARKS[Math.min(7, Math.floor(cpu * 8))]).join("")} `;
}

function toMegabytes(bytesPerSecond: number): string {
  return (bytesPerSecond / 1e6).toFixed(1);
}

function toUsedPercent({ sizeBytes, freeBytes }: { sizeBytes: bigint; freeBytes: bigint }): number {
  return sizeBytes === 0n ? 0 : Math.round((1 - Number(freeBytes) / Number(sizeBytes)) * 100);
}

function renderTab(state: DashboardState, rows: number, look: Look): Line[] {
  const reason: Line[] =
    state.connection.state === "reconnecting"
      ? [{ text: ` ${look.marks.warning} reconnecting: ${state.connection.reason}`, style: "yellow" }, ""]
      : [];
  const room = rows - reason.length;
  switch (state.tab) {
    case "summary":
      return [...reason, ...renderSummary(state, room, look)];
    case "services":
      return [...reason, ...renderServices(state, room, look)];
    case "logs":
      return [...reason, ...renderLog(state, room)];
    case "disks":
      return [...reason, ...renderDisks(state)];
    case "network":
      return [...reason, ...renderNetwork(state)];
  }
}

function renderSummary(state: DashboardState, rows: number, { marks }: Look): Line[] {
  const { status } = state;
  if (status === undefined) return [" waiting for the first answer …"];
  const slots: Line[] =
    status.update === null
      ? [` ${marks.ok} ${status.booted.slot ?? "–"}  ${status.image.version}  booted`]
      : status.update.slots.map(
          ({ slot, version, running }) =>
            ` ${running ? marks.ok : marks.unknown} ${slot ?? "–"}  ${version || "empty"}${running ? "  booted" : ""}`,
        );
  const phase = status.update === null ? [] : [` update  ${status.update.phase}`];
  const problems = status.problems.map((problem): Line => ({
    text: ` ${marks.failed} ${toVisibleText(problem)}`,
    style: "red",
  }));
  const above = [...slots, ...phase, ...problems, "", ` log ${"─".repeat(20)}`];
  return [...above, ...renderLog(state, rows - above.length)];
}

function renderLog({ log }: DashboardState, rows: number): Line[] {
  if (log.length === 0) return [" no lines yet"];
  return log.slice(-Math.max(0, rows)).map(({ at, identifier, unit, priority, message }): Line => {
    const clock =
      at === undefined ? "--:--:--" : new Date(Number(at.seconds) * 1000).toISOString().slice(11, 19);
    const word = PRIORITY_WORDS[priority] ?? "info";
    const [first = ""] = message.split("\n");
    const text = ` ${clock} ${identifier || unit || "-"}  ${word}  ${first.replaceAll("\t", " ")}`;
    const style = priority <= 3 ? "red" : priority === 4 ? "yellow" : undefined;
    return style === undefined ? toVisibleText(text) : { text: toVisibleText(text), style };
  });
}

/** What failed first, then what uses most memory. */
function renderServices({ units }: DashboardState, rows: number, { marks }: Look): Line[] {
  if (units === undefined) return [" waiting for the first answer …"];
  const isFailed = (active: string) => Number(active === "failed");
  const shown = units.units
    .toSorted(
      (a, b) => isFailed(b.active) - isFailed(a.active) || Number(b.memoryBytes) - Number(a.memoryBytes),
    )
    .slice(0, Math.max(0, rows));
  return shown.map((unit): Line => {
    const state = describeUnitState(unit, { marks, paint: (_style, text) => text });
    const memory = unit.memoryBytes === 0n ? "–" : formatBytes(Number(unit.memoryBytes));
    const name = padToWidth(fitToWidth(toVisibleText(unit.name), 36), 36);
    const text = ` ${name}  ${padToWidth(state, 22)}  ${memory.padStart(9)}`;
    return unit.active === "failed" ? { text, style: "red" } : text;
  });
}

function renderDisks({ disks }: DashboardState): Line[] {
  if (disks === undefined) return [" waiting for the first answer …"];
  return disks.fileSystems.map((fileSystem) => {
    const { target, fstype, sizeBytes, readOnly } = fileSystem;
    const used = readOnly ? "read-only" : `${toUsedPercent(fileSystem)} % used`;
    return ` ${padToWidth(fitToWidth(toVisibleText(target), 30), 30)}  ${fstype.padEnd(8)}  ${formatBytes(Number(sizeBytes)).padStart(9)}  ${used}`;
  });
}

function renderNetwork({ network, loads }: DashboardState): Line[] {
  if (network === undefined) return [" waiting for the first answer …"];
  const [before, after] = loads.slice(-2);
  const rates = before && after && toRates(before, after);
  return [
    ...network.interfaces.map(
      ({ name, state, addresses }) =>
        ` ${padToWidth(fitToWidth(toVisibleText(name), 14), 14)}  ${state.padEnd(8)}  ${addresses.join(" ")}`,
    ),
    "",
    ` received ${formatBytes(rates?.receivedBytes ?? 0)}/s   sent ${formatBytes(rates?.sentBytes ?? 0)}/s`,
    ` name servers ${network.nameServers.join(" ") || "none"}`,
  ];
}

function renderFooter({ tab, isHelp }: DashboardState): string {
  const tabs = TABS.map((name, at) =>
    name === tab && !isHelp ? `[${at + 1} ${name}]` : ` ${at + 1} ${name} `,
  );
  return `${tabs.join(" ")}   ? help   q quit`;
}
