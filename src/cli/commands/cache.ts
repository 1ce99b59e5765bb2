import { planPrune } from "#image/planPrune.ts";
import { listCacheEntries } from "#system/cacheEntries.ts";
import { discard } from "#system/files.ts";
import { openWorkspace } from "#system/workspace.ts";

import type { CommandContext } from "../commandContext.ts";
import type { CacheArguments } from "../commandOptions.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatBytes } from "../formatBytes.ts";
import { renderResult } from "../renderResult.ts";
import { renderTable } from "../table.ts";

/** Shows what the cache holds, removes old results, or removes all. */
export async function cache(
  { action }: CacheArguments,
  _options: object,
  context: CommandContext,
): Promise<ExitCode> {
  const workspace = openWorkspace();
  const entries = await listCacheEntries(workspace);
  if (action === "show") {
    const kinds = [...new Set(entries.map(({ kind }) => kind))].map((kind) => {
      const own = entries.filter((entry) => entry.kind === kind);
      return { kind, entries: own.length, sizeBytes: own.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
    });
    const document = { apiVersion: "socle/v1", kind: "Cache", folder: workspace.steps, kinds };
    const toTable = () =>
      renderTable(
        [
          { header: "WHAT", value: (row) => row.kind },
          { header: "ENTRIES", align: "right", value: (row) => String(row.entries) },
          { header: "SIZE", align: "right", value: (row) => formatBytes(row.sizeBytes) },
        ],
        kinds,
      );
    context.stdout(await renderResult(document, context.output, toTable));
    return EXIT_CODE.ok;
  }
  const removed = action === "clear" ? entries : planPrune(entries);
  for (const { path } of removed) await discard(path, workspace.work);
  const freed = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  context.stdout(`removed ${removed.length} entries, ${formatBytes(freed)}\n`);
  return EXIT_CODE.ok;
}
