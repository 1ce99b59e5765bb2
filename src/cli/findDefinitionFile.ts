import { join, resolve } from "node:path";
import { readFolderEntries } from "#system/folderEntries.ts";
import { UsageError } from "./usageError.ts";

/** In the order in which they are tried. */
export const DEFINITION_NAMES = ["system.ts", "system.yaml", "system.yml"] as const;

/** The file that was named, or the definition of `folder`; absolute. Whether a named one exists is the loader's to say. */
export async function findDefinitionFile(named: string | undefined, folder: string): Promise<string> {
  if (named !== undefined) return resolve(folder, named);
  const present = new Set((await readFolderEntries(folder)).map((entry) => entry.name));
  const found = DEFINITION_NAMES.find((name) => present.has(name));
  if (found !== undefined) return join(folder, found);
  throw new UsageError(
    "no-definition",
    `Cannot find a definition in "${folder}": there is none of ${DEFINITION_NAMES.join(", ")}`,
    { hint: "name one, as in: socle build systems/minimal/system.ts\nor start one:     socle init DIR" },
  );
}
