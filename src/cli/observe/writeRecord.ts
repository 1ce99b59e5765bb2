import { stringify } from "yaml";

import type { CommandContext } from "../commandContext.ts";

/** One of many: a line of JSON, a document of YAML, or as it is drawn. */
export function writeRecord(
  record: unknown,
  { output, stdout }: Pick<CommandContext, "output" | "stdout">,
  toLine: () => string,
): void {
  switch (output) {
    case "table":
      stdout(`${toLine()}\n`);
      break;
    case "json":
      stdout(`${JSON.stringify(record)}\n`);
      break;
    case "yaml":
      stdout(`---\n${stringify(record)}`);
      break;
  }
}
