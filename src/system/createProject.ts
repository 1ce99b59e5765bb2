import { mkdir, readdir, realpath, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { SocleError } from "#progress/socleError.ts";

export class CreateProjectError extends SocleError<
  "folder-not-empty" | "folder-is-a-file" | "folder-in-socle"
> {
  override readonly name = "CreateProjectError";
}

/**
 * Fills a new or empty folder with a project and links it to Socle. `toFiles` gets the path from the
 * folder to Socle and returns contents by file name.
 */
export async function createProject(
  folder: string,
  socleFolder: string,
  toFiles: (socleFolder: string) => Record<string, string>,
): Promise<void> {
  const names = await listIfFolder(folder);
  if (names.length > 0) {
    throw new CreateProjectError(
      "folder-not-empty",
      `Cannot start a project in "${folder}": it has ${names.length} entries, "${names[0]}" among them; wanted a new or empty folder`,
      { hint: "name a folder that does not exist yet" },
    );
  }
  const [target, socle] = await Promise.all([realpathOfNew(folder), realpath(socleFolder)]);
  if (!relative(socle, target).startsWith("..")) {
    throw new CreateProjectError(
      "folder-in-socle",
      `Cannot start a project in "${folder}": that is inside of Socle's own folder "${socle}"`,
      { hint: "name a folder elsewhere: your project has a life of its own" },
    );
  }
  await mkdir(join(target, "node_modules"), { recursive: true });
  await symlink(relative(join(target, "node_modules"), socle), join(target, "node_modules/socle"));
  for (const [name, content] of Object.entries(toFiles(relative(target, socle)))) {
    await writeFile(join(target, name), content, { flag: "wx" });
  }
}

async function listIfFolder(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return [];
    if (code !== "ENOTDIR") throw error;
    throw new CreateProjectError(
      "folder-is-a-file",
      `Cannot start a project in "${folder}": there is a file of that name or on the way to it; wanted a folder`,
      { cause: error },
    );
  }
}

/** The real path of a folder that may not exist yet: links above it count, as they do for the relative link. */
async function realpathOfNew(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const parent = await realpath(dirname(path));
  return realpath(path).catch(() => join(parent, relative(dirname(path), path)));
}
