import { basename, relative, resolve } from "node:path";
import { createProject } from "#system/createProject.ts";
import type { CommandContext } from "../commandContext.ts";
import type { InitArguments } from "../commandOptions.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toMarks } from "../marks.ts";
import { toProjectFiles } from "../toProjectFiles.ts";

/** Starts a project in a folder of its own: a definition, and what an editor needs to help with it. */
export async function init(
  { folder }: InitArguments,
  _options: object,
  context: CommandContext,
): Promise<ExitCode> {
  const path = resolve(folder);
  const id = toId(basename(path));
  await createProject(path, context.projectRoot, (socleFolder) => toProjectFiles(id, socleFolder));
  if (context.isQuiet) {
    context.stdout(`${path}\n`);
    return EXIT_CODE.ok;
  }
  const shown = relative(process.cwd(), path) || ".";
  context.stdout(
    [
      `${toMarks(process.env).ok} ${id} 1.0 starts in ${shown}`,
      "",
      `  edit   ${shown}/system.ts`,
      `  then   cd ${shown} && npm run check && npm run lock && npm run build`,
      "",
    ].join("\n"),
  );
  return EXIT_CODE.ok;
}

/** The name of a folder as an id; `system` where nothing of it can be used. */
function toId(name: string): string {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/[.-]*\.[.-]*/g, ".")
    .slice(0, 24)
    .replace(/^[.-]+|[.-]+$/g, "");
  return id === "" ? "system" : id;
}
