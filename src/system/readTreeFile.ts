import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";

import { namespacePrefix } from "./isolation.ts";
import { runCommand } from "./runCommand.ts";

/**
 * A regular file of a tree that lies in layers, the uppermost first. `path` must be one of the whole
 * tree, without a symlink in it. Undefined where no layer has it.
 */
export async function readTreeFile(layers: readonly string[], path: string): Promise<Uint8Array | undefined> {
  try {
    for (const layer of layers) {
      const file = join(layer, path);
      if (await isRegularFile(file)) return await readFile(file);
    }
    return undefined;
  } catch (error) {
    if (!hasCode(error, ["EACCES", "EPERM"]) || process.geteuid?.() === 0) throw error;
    return readAsRoot(layers, path);
  }
}

async function isRegularFile(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isFile();
  } catch (error) {
    if (hasCode(error, ["ENOENT", "ENOTDIR"])) return false;
    throw error;
  }
}

// $1 the path, then the layers. Output of commands is text.
const READ = `
path=$1; shift
for layer; do
  [ ! -f "$layer$path" ] || { base64 --wrap=0 "$layer$path"; exit; }
done
echo none
`;

/** Without root, a tree's files belong to subordinate ids: only a namespace that maps them may read them. */
async function readAsRoot(layers: readonly string[], path: string): Promise<Uint8Array | undefined> {
  const shell = ["sh", "-eu", "-c", READ, "sh"];
  const { stdout } = await runCommand([...namespacePrefix("user-namespace"), ...shell, path, ...layers], {
    title: "read a file of the tree",
  });
  return stdout === "none\n" ? undefined : Buffer.from(stdout, "base64");
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
