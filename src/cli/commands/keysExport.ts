import { join, resolve } from "node:path";
import { makeFolder, writeAtomic } from "#system/files.ts";
import { planKeyExport } from "#trust/planKeyExport.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import type { KeyFolderOption, KeysExportOptions } from "../keyOptions.ts";
import { openKeys } from "../openKeys.ts";
import { renderResult } from "../renderResult.ts";
import { renderTable } from "../table.ts";

/** Writes the public keys in the forms that firmware and other tools read. */
export async function keysExport(
  options: KeysExportOptions & KeyFolderOption,
  _options: object,
  context: CommandContext,
): Promise<ExitCode> {
  const { keySet, rootMetadata } = await openKeys(options, context);
  const folder = resolve(options.output);
  const files = planKeyExport(keySet, rootMetadata);
  await makeFolder(folder);
  for (const { name, content } of files) await writeAtomic(join(folder, name), content);
  const document = {
    apiVersion: "socle/v1",
    kind: "KeyExport",
    folder,
    files: files.map(({ name, what }) => ({ name, what })),
  };
  const toTable = () =>
    renderTable(
      [
        { header: "FILE", value: (row) => row.name },
        { header: "WHAT", value: (row) => row.what },
      ],
      document.files,
    );
  context.stdout(
    context.isQuiet && context.output === "table"
      ? `${folder}\n`
      : await renderResult(document, context.output, toTable),
  );
  return EXIT_CODE.ok;
}
