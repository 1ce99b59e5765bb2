import stringWidth from "string-width";
import { padToWidth } from "./fitToWidth.ts";

export interface Column<Row> {
  readonly header: string;
  readonly align?: "left" | "right";
  readonly value: (row: Row) => string;
}

/** Columns separated by two spaces, no borders, one line a row; cells may be coloured. Ends with a line break. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map((column) => column.header),
    ...rows.map((row) => columns.map((c) => c.value(row))),
  ];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((cells) => stringWidth(cells[index] ?? ""))),
  );
  return lines
    .map((cells) =>
      cells
        .map((cell, index) => padToWidth(cell, widths[index] ?? 0, columns[index]?.align))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}
