import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * A credential that systemd passed to this service (`ImportCredential=`, `LoadCredential=`), systemd.exec(5).
 * Undefined when it passed none of that name.
 */
export async function readCredential(
  name: string,
  folder: string | undefined = process.env["CREDENTIALS_DIRECTORY"],
): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  try {
    return await readFile(join(folder, name), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // node:fs throws nothing else
    throw error;
  }
}
