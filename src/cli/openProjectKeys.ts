import { ensureDevelopmentKeys, findKeyFolder, openKeyFolder, type KeyFolder } from "#system/keyFolder.ts";
import { openWorkspace } from "#system/workspace.ts";

import type { CommandContext } from "./commandContext.ts";

/** The keys that were named, those in `keys` here, or the development set. */
export async function openProjectKeys(
  option: string | undefined,
  { report }: Pick<CommandContext, "report">,
): Promise<KeyFolder> {
  const { folder, development } = await findKeyFolder({
    option,
    definitionFile: undefined,
    workspace: openWorkspace(),
  });
  if (development) {
    await ensureDevelopmentKeys(folder);
    const message = "signing with development keys; for machines that matter make your own: socle keys init";
    report({ kind: "note", level: "warning", message });
  }
  return openKeyFolder(folder);
}
