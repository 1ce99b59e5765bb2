import { formatBytes } from "./formatBytes.ts";
import { renderTable } from "./table.ts";

/** The folder of a release and its files, indented, a line each. */
export function renderReleaseFiles(
  folder: string,
  files: readonly { readonly name: string; readonly sizeBytes: number; readonly sha256: string }[],
): string[] {
  const table = renderTable(
    [
      { header: "FILE", value: ({ name }) => name },
      { header: "SIZE", align: "right", value: ({ sizeBytes }) => formatBytes(sizeBytes) },
      { header: "SHA-256", value: ({ sha256 }) => sha256.slice(0, 12) },
    ],
    files,
  );
  const rows = table.split("\n").filter((line) => line.trim() !== "");
  return [`  ${folder}/`, ...rows.map((line) => `    ${line}`)];
}
