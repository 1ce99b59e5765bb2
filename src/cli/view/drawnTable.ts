import { renderTable, type Column } from "../table.ts";

/** A table whose cells are texts already, so that tables of one kind can be put below each other. */
export interface DrawnTable {
  readonly columns: readonly Pick<Column<never>, "header" | "align">[];
  readonly rows: readonly (readonly string[])[];
  /** Said instead of a table without rows. */
  readonly none: string;
}

export function drawTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  none: string,
): DrawnTable {
  return { columns, rows: rows.map((row) => columns.map(({ value }) => value(row))), none };
}

/** Ends with a line break. */
export function renderDrawnTable({ columns, rows, none }: DrawnTable): string {
  if (rows.length === 0) return `${none}\n`;
  return renderTable(
    columns.map((column, index) => ({ ...column, value: (row: readonly string[]) => row[index] ?? "" })),
    rows,
  );
}

/** An empty line between them. */
export function renderDrawnTables(tables: readonly DrawnTable[]): string {
  return tables.map(renderDrawnTable).join("\n");
}

/** The same table of several machines as one, with a column that says whose row it is. */
export function joinTables(tables: readonly { readonly machine: string; readonly table: DrawnTable }[]) {
  const { columns = [], none = "" } = tables[0]?.table ?? {};
  return {
    columns: [{ header: "MACHINE" }, ...columns],
    rows: tables.flatMap(({ machine, table }) => table.rows.map((row) => [machine, ...row])),
    none,
  } satisfies DrawnTable;
}
