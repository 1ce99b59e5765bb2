import stringWidth from "string-width";

import type { ReleaseDiff } from "#release/comparison/releaseDiff.ts";

import { padToWidth } from "../fitToWidth.ts";
import type { Marks } from "../marks.ts";
import type { Paint, Style } from "../paint.ts";
import type { Mark, Row, Section } from "./section.ts";
import { toNotes, toSections, toTitle, toVerdict } from "./toSections.ts";
import { toVisibleText } from "./visibleText.ts";
import { wrapText } from "./wrapText.ts";

export interface DiffView {
  readonly paint: Paint;
  readonly marks: Pick<Marks, "ok" | "warning">;
  /** Columns of the terminal. */
  readonly width: number;
  /** Every file, not only the folders that they are in. */
  readonly withFiles: boolean;
}

/** Of long lists of words, such as CVE numbers, a terminal shows so many lines. */
const DETAIL_LINES = 3;

/** The comparison for people: what it comes to first, then what differs. Ends with a line break. */
export function renderDiff(diff: ReleaseDiff, view: DiffView): string {
  const sections = toSections(diff).map((section) => renderSection(section, view));
  const notes = toNotes(diff).flatMap((note) => wrapText(toVisibleText(note), view.width, "", "  "));
  const blocks = [
    renderHeadline(diff, view),
    ...sections.map((lines) => lines.join("\n")),
    ...(notes.length === 0 ? [] : [view.paint("dim", notes.join("\n"))]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** The whole result of `-q`. */
export function renderHeadline(diff: ReleaseDiff, { paint, marks, width }: DiffView): string {
  const title = toVisibleText(toTitle(diff));
  const mark = diff.same ? paint("green", marks.ok) : paint("yellow", "~");
  const verdict = toVerdict(diff);
  const line = `${mark} ${paint("bold", title)}: ${verdict}`;
  return stringWidth(line) <= width ? line : `${mark} ${paint("bold", title)}:\n  ${verdict}`;
}

const COLOURS: Readonly<Record<Mark, Style | undefined>> = {
  "+": "green",
  "-": "red",
  "~": "yellow",
  "!": "red",
  " ": undefined,
};

const TITLE_WIDTH = 11;

function renderSection(section: Section, view: DiffView): string[] {
  const { title, summary, rows, outline } = section;
  const isOutlined = outline !== undefined && !view.withFiles;
  const hint = isOutlined ? " · all of them: --files" : "";
  const head = wrapText(
    `${summary}${hint}`,
    view.width,
    padToWidth(title, TITLE_WIDTH),
    " ".repeat(TITLE_WIDTH),
  );
  const [first = "", ...more] = head;
  const shown = isOutlined ? outline : rows;
  return [
    view.paint("bold", first.slice(0, title.length)) + first.slice(title.length),
    ...more,
    ...renderRows(shown.map(toVisibleRow), view),
  ];
}

interface VisibleRow extends Row {
  readonly value: string;
}

function toVisibleRow(row: Row): VisibleRow {
  const { from, to } = row;
  const isMove = from !== undefined && to !== undefined && from !== to;
  return {
    ...row,
    subject: toVisibleText(row.subject),
    value: toVisibleText(isMove ? `${from} → ${to}` : (to ?? from ?? "")),
    details: (row.details ?? []).map(toVisibleText),
  };
}

/** Aligned where that fits; a row that is too long goes on in a second line, so that nothing is cut. */
function renderRows(rows: readonly VisibleRow[], view: DiffView): string[] {
  const [subjectWidth, valueWidth] = chooseWidths(rows, view.width);
  const hasValues = rows.some(({ value }) => value !== "");
  return rows.flatMap((row) => {
    const { subject, value, word } = row;
    const mark =
      COLOURS[row.mark] === undefined ? row.mark : view.paint(COLOURS[row.mark] ?? "dim", row.mark);
    const prefix = `  ${mark} `;
    const cells = [padToWidth(subject, subjectWidth), ...(hasValues ? [padToWidth(value, valueWidth)] : [])];
    const line = [...cells, word].join("  ").trimEnd();
    const rest = [value, word].filter((cell) => cell !== "").join("  ");
    const lines =
      stringWidth(line) + 4 <= view.width
        ? [line]
        : [subject, ...wrapText(rest, view.width, "      ", "      ")];
    const [first = "", ...more] = lines;
    return [`${prefix}${first}`, ...more, ...renderDetails(row.details ?? [], view)];
  });
}

/** As wide as the widest cell that leaves room for the others: one long name must not push all the rest away. */
function chooseWidths(rows: readonly VisibleRow[], width: number): [subject: number, value: number] {
  const widest = (cells: readonly string[], limit: number) =>
    cells
      .map((cell) => stringWidth(cell))
      .reduce((most, cell) => (cell <= limit ? Math.max(most, cell) : most), 0);
  const subject = widest(
    rows.map((row) => row.subject),
    Math.floor(width * 0.4),
  );
  const word = widest(
    rows.map((row) => row.word),
    24,
  );
  const value = widest(
    rows.map((row) => row.value),
    width - 8 - subject - word,
  );
  return [subject, value];
}

function renderDetails(details: readonly string[], { width, paint }: DiffView): string[] {
  if (details.length === 0) return [];
  const indent = "      ";
  const lines = wrapText(details.join(" "), width, indent, indent);
  if (lines.length <= DETAIL_LINES) return lines;
  const shown = lines.slice(0, DETAIL_LINES);
  const left = details.length - shown.join(" ").trim().split(/\s+/).length;
  return [...shown, paint("dim", `${indent}and ${left} more: -o json or --html`)];
}
