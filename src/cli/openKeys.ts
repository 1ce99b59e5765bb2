import { findKeyFolder, openKeyFolder, type KeyFolder } from "#system/keyFolder.ts";
import { openWorkspace } from "#system/workspace.ts";
import type { CommandContext } from "./commandContext.ts";
import type { KeyFolderOption } from "./keyOptions.ts";

/** The keys that a command is about: the folder that was named, `keys` here, or the development set if there is one. */
export async function openKeys(
  { keys }: KeyFolderOption,
  { report }: Pick<CommandContext, "report">,
): Promise<KeyFolder> {
  const { folder } = await findKeyFolder({
    option: keys,
    definitionFile: undefined,
    workspace: openWorkspace(),
  });
  const opened = await openKeyFolder(folder);
  if (opened.keySet.development) {
    const message = `these are development keys, for trying out only: ${folder}`;
    report({ kind: "note", level: "info", message });
  }
  return opened;
}
