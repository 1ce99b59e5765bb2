import type { Machine } from "./machineFacts.ts";

/** A file as its file system has it; a symbolic link is not followed. */
export interface FileEntry {
  readonly type:
    | "file"
    | "directory"
    | "symlink"
    | "character-device"
    | "block-device"
    | "fifo"
    | "socket"
    | "unknown";
  /** Permission bits with set-user-ID, set-group-ID and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a regular file; 0 for anything else. */
  readonly sizeBytes: number;
  /** Of a symbolic link; empty for anything else. */
  readonly target: string;
}

export interface WalkedFile extends FileEntry {
  readonly path: string;
}

export interface WalkedPart {
  readonly files: readonly WalkedFile[];
  /** What could not be read, one sentence each. */
  readonly unreadable: readonly string[];
}

/** So many files are looked at together, and at least so many given back as one part: what bounds the memory of a walk. */
const PART_FILES = 200;

/**
 * All files of the root, except the root itself, `leftOut` and all below those. A folder comes before what is in it. A file that
 * cannot be read, or is gone when it is its turn, takes no other away.
 */
export async function* walkFiles(
  machine: Machine,
  { leftOut, signal }: { readonly leftOut: ReadonlySet<string>; readonly signal: AbortSignal },
): AsyncGenerator<WalkedPart> {
  let files: WalkedFile[] = [];
  const unreadable: string[] = [];
  const pending = ["/"];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const paths = (await listPaths(machine, folder, unreadable)).filter((path) => !leftOut.has(path));
    for (let at = 0; at < paths.length; at += PART_FILES) {
      signal.throwIfAborted();
      const read = await Promise.all(
        paths.slice(at, at + PART_FILES).map((path) => readFileEntry(machine, path, unreadable)),
      );
      for (const file of read) {
        if (file === undefined) continue;
        files.push(file);
        if (file.type === "directory") pending.push(file.path);
      }
      if (files.length < PART_FILES) continue;
      yield { files, unreadable: unreadable.splice(0) };
      files = [];
    }
  }
  yield { files, unreadable };
}

async function listPaths(machine: Machine, folder: string, unreadable: string[]): Promise<string[]> {
  try {
    const names = await machine.listFolder(folder);
    return names.toSorted().map((name) => `${folder === "/" ? "" : folder}/${name}`);
  } catch (error) {
    unreadable.push(toSentence(folder, error));
    return [];
  }
}

async function readFileEntry(
  machine: Machine,
  path: string,
  unreadable: string[],
): Promise<WalkedFile | undefined> {
  try {
    const entry = await machine.readEntry(path);
    if (entry !== undefined) return { path, ...entry };
    unreadable.push(`cannot read ${path}: it is gone`);
  } catch (error) {
    unreadable.push(toSentence(path, error));
  }
  return undefined;
}

function toSentence(path: string, error: unknown): string {
  return `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`;
}
