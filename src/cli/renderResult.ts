import type { OutputFormat } from "./commandContext.ts";

/** A result in the form that was asked for; `table` is drawn by the command itself. Ends with a line break. */
export async function renderResult(
  result: unknown,
  format: OutputFormat,
  toTable: () => string,
): Promise<string> {
  switch (format) {
    case "table":
      return toTable();
    case "json":
      return `${JSON.stringify(result, undefined, 2)}\n`;
    case "yaml": {
      const { stringify } = await import("yaml");
      return stringify(result);
    }
  }
}
