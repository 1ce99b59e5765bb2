import assert from "node:assert/strict";
import { test } from "node:test";
import { styleText } from "node:util";
import { renderTable } from "./table.ts";

const COLUMNS = [
  { header: "FILE", value: (row: { file: string; size: string }) => row.file },
  { header: "SIZE", align: "right", value: (row: { file: string; size: string }) => row.size },
] as const;

test("a table aligns its columns and has no trailing spaces", () => {
  const rows = [
    { file: "disk.img", size: "1.9 GB" },
    { file: "漢字.efi", size: "20.1 MB" },
  ];
  assert.equal(
    renderTable(COLUMNS, rows),
    ["FILE         SIZE", "disk.img   1.9 GB", "漢字.efi  20.1 MB", ""].join("\n"),
  );
});

test("colour does not shift a column", () => {
  const red = styleText("red", "bad", { validateStream: false });
  const table = renderTable(COLUMNS, [{ file: red, size: "1 B" }]);
  assert.equal(table, `FILE  SIZE\n${red}    1 B\n`);
});

test("a table without rows is its header", () => {
  assert.equal(renderTable(COLUMNS, []), "FILE  SIZE\n");
});
