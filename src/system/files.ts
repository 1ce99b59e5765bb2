import { createHash, randomBytes, type BinaryLike } from "node:crypto";
import { appendFileSync, createReadStream, readdirSync, readFileSync } from "node:fs";
import {
  access,
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
} from "node:fs/promises";
import { dirname, join } from "node:path";

import { parseSha256, type Sha256 } from "#release/sha256.ts";

import { namespacePrefix } from "./isolation.ts";
import { runCommand } from "./runCommand.ts";

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

export async function readText(path: string): Promise<string> {
  return readFile(path, "utf8");
}

export async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path);
}

export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

/** Removes a file or a whole folder; nothing to remove is no error. */
export async function remove(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!isRefused(error) || process.geteuid?.() === 0) throw error;
    // Without root, a tree's files belong to subordinate ids: only a namespace that maps them may remove them.
    await runCommand([...namespacePrefix("user-namespace"), "rm", "-rf", "--", path]);
  }
}

export async function move(from: string, to: string): Promise<void> {
  await rename(from, to);
}

/**
 * Removes a folder that others may be looking at: it goes out of their sight whole, and then bit by
 * bit. One that is gone already is no error.
 */
export async function discard(path: string, workRoot: string): Promise<void> {
  const work = await makeWorkFolder(workRoot, "discard");
  await rename(path, join(work, "old")).catch((error: unknown) => {
    if (!isNoEntry(error)) throw error;
  });
  await remove(work);
}

/** Puts a folder in the place of another one. Where two do so at once both succeed, and one folder stays. */
export async function replaceFolder(from: string, to: string): Promise<void> {
  const aside: string[] = [];
  while (!(await renamed(from, to, ["ENOTEMPTY", "EEXIST"]))) {
    const old = `${from}.${aside.length}.old`;
    if (await renamed(to, old, ["ENOENT"])) aside.push(old);
  }
  for (const old of aside) await remove(old);
}

/** Moves a folder into a place where there is none; false where another one is there already. */
export async function moveIfAbsent(from: string, to: string): Promise<boolean> {
  return renamed(from, to, ["ENOTEMPTY", "EEXIST"]);
}

/** False where it fails with one of these codes. */
async function renamed(from: string, to: string, expected: readonly string[]): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && expected.includes(String(error.code))) return false;
    throw error;
  }
}

/** The names in a folder, sorted; none when there is no such folder. */
export async function listFolder(path: string): Promise<string[]> {
  const names: string[] = await readdir(path).catch((error: unknown) => {
    if (isNoEntry(error)) return [];
    throw error;
  });
  return names.toSorted();
}

export interface TreeEntry {
  /** Relative to the folder that was listed. */
  readonly path: string;
  readonly kind: "directory" | "file" | "symlink";
  readonly mode: number;
  /** Of a symlink. */
  readonly target?: string;
}

/** Everything below a folder, sorted by path; neither devices nor sockets are listed, symlinks are not followed. */
export async function listTree(folder: string, below = ""): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for (const name of await listFolder(join(folder, below))) {
    const path = join(below, name);
    const entry = await lstat(join(folder, path));
    const mode = entry.mode & 0o7777;
    if (entry.isDirectory())
      entries.push({ path, kind: "directory", mode }, ...(await listTree(folder, path)));
    else if (entry.isSymbolicLink())
      entries.push({ path, kind: "symlink", mode, target: await readlink(join(folder, path)) });
    else if (entry.isFile()) entries.push({ path, kind: "file", mode });
  }
  return entries;
}

export async function fileSize(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** Size and time of a file; undefined for what is no file or is not there. */
export async function readStamp(
  path: string,
): Promise<{ sizeBytes: number; modifiedMs: number } | undefined> {
  const entry = await stat(path).catch((error: unknown) => {
    if (isNoEntry(error)) return undefined;
    throw error;
  });
  return entry?.isFile() === true ? { sizeBytes: entry.size, modifiedMs: entry.mtimeMs } : undefined;
}

/** Marks a file as used now; false where there is none. */
export async function touch(path: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(path, now, now);
    return true;
  } catch (error) {
    if (isNoEntry(error)) return false;
    throw error;
  }
}

/** The content, or undefined when there is no such file. Any other failure is thrown. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isNoEntry(error)) return undefined;
    throw error;
  }
}

/** Writes beside the target, syncs, renames: a reader or a power cut sees the old file or the new one. */
export async function writeAtomic(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(beside, "wx", mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** Adds a line at once, for logs that are read when something went wrong. */
export function appendLine(path: string, line: string): void {
  appendFileSync(path, `${line}\n`);
}

/** Writes a file and the folders above it, with the given permission bits whatever the umask. */
export async function writeWithParents(
  path: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "w", mode);
  try {
    await file.writeFile(content);
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}

/** Makes a symlink and the folders above it, in place of what was there. */
export async function writeSymlink(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(target, path);
}

export async function hashFile(path: string, signal?: AbortSignal): Promise<Sha256> {
  const hash = createHash("sha256");
  const stream = createReadStream(path, {
    highWaterMark: 4 << 20,
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const chunk of stream) hash.update(chunk as Uint8Array); // a stream without encoding yields bytes
  return parseSha256(hash.digest("hex"));
}

/** One digest over all TypeScript files below a folder and their paths. */
export async function hashSources(folder: string): Promise<Sha256> {
  const hash = createHash("sha256");
  // Without giving up the thread between hundreds of small files it takes a fifth of the time.
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted()) {
    if (path.endsWith(".ts")) hash.update(`${path}\0`).update(readFileSync(join(folder, path)));
  }
  return parseSha256(hash.digest("hex"));
}

export async function copyFileTo(from: string, to: string): Promise<void> {
  await copyFile(from, to);
}

export function hashBytes(bytes: BinaryLike): Sha256 {
  return parseSha256(createHash("sha256").update(bytes).digest("hex"));
}

/** Makes `to` the same file as `from`; a copy where they are on different file systems. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && (error.code === "EXDEV" || error.code === "EPERM")))
      throw error;
    await copyFile(from, to);
  }
}

/**
 * A new folder below `root` that carries this process's id in its name, so that a later run can
 * tell a folder in use from one that a killed run left behind.
 */
export async function makeWorkFolder(root: string, name: string): Promise<string> {
  const path = join(root, `${name}-${process.pid}-${randomBytes(4).toString("hex")}`);
  await mkdir(path, { recursive: true });
  return path;
}

/** Removes the work folders, of all names or of one, whose process is gone. */
export async function removeStaleWorkFolders(root: string, ofName?: string): Promise<void> {
  for (const entry of await listFolder(root)) {
    const [, name, pid] = /^(.+)-(\d+)-[0-9a-f]{8}(?:\.\d+\.old)?$/.exec(entry) ?? [];
    if (ofName !== undefined && name !== ofName) continue;
    if (pid !== undefined && !isProcessAlive(Number(pid))) {
      await remove(join(root, entry));
    }
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM");
}

function isNoEntry(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
