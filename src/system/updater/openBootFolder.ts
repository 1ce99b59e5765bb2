import { open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";

import { examineUki, type ExaminedUki } from "#boot/examineUki.ts";
import type { BootFolder } from "#boot/updateDevices.ts";
import { MIB } from "#definition/size.ts";

import { exists } from "../files.ts";
import { runCommand } from "../runCommand.ts";
import { openMediumReader } from "./mediumReader.ts";
import { UpdaterMachineError } from "./updaterMachineError.ts";

/** Where systemd-gpt-auto-generator mounts the ESP (at the first access), and the kernel images in it. UAPI.1. */
export const BOOT_FOLDER = "/boot/EFI/Linux";

/** The kernel images' folder on a mounted ESP. FAT names are the same in upper and lower case, as the kernel sees to. */
export function openBootFolder(folder: string): BootFolder {
  // Whatever was written is read back from the medium once; after that the cache is as good.
  const written = new Set<string>();
  let examined = new Map<string, { readonly stamp: string; readonly uki: ExaminedUki }>();
  const change = async (act: () => Promise<void>) => {
    try {
      await attempt(folder, act);
    } finally {
      // All of them: on FAT, files can have got into each other's clusters.
      examined = new Map();
    }
  };
  return {
    list: async () => {
      const names = await attempt(folder, () => readdir(folder, { withFileTypes: true }));
      const files = names.filter((entry) => entry.isFile());
      return Promise.all(
        files.map(async ({ name }) => ({ name, sizeBytes: (await stat(join(folder, name))).size })),
      );
    },
    examine: async (name) => {
      const path = join(folder, name);
      const stamp = await readStamp(path);
      const known = examined; // what is read while something changes is not kept
      const before = known.get(name);
      if (before?.stamp === stamp) return before.uki;
      const uki = await examineUki(readPiecesOf(path, written.delete(name)));
      known.set(name, { stamp, uki });
      return uki;
    },
    write: async (name, chunks) => {
      written.add(name);
      await change(() => writeChunks(join(folder, name), chunks));
    },
    rename: async (from, to) => change(() => rename(join(folder, from), join(folder, to))),
    remove: async (name) => change(() => rm(join(folder, name), { force: true })),
    sync: async () => {
      // Contents, folders and allocation tables: syncfs(2). FAT's does not empty the disk's own cache, its fsync(2) does.
      await runCommand(["sync", "--file-system", folder]);
      await using opened = await open(folder, "r");
      await opened.sync();
    },
    freeBytes: async () => {
      const { bavail, bsize } = await attempt(folder, () => statfs(folder));
      return bavail * bsize;
    },
  };
}

/** Another one when somebody else has changed the file: systemd-bless-boot, an administrator. */
async function readStamp(path: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [ino, size, mtimeNs, ctimeNs].join();
}

async function writeChunks(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, "w", 0o644);
  for await (const chunk of chunks) {
    for (let done = 0; done < chunk.length;)
      done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
  }
  await file.sync();
}

/** A mebibyte at a time, each in the memory of the one before. */
async function* readPiecesOf(path: string, fromMedium: boolean): AsyncGenerator<Uint8Array> {
  const { size } = await stat(path);
  const memory = Buffer.allocUnsafeSlow(Math.min(size, MIB));
  await using medium = fromMedium ? await openMediumReader(path, size) : undefined;
  await using file = medium === undefined ? await open(path) : undefined;
  for (let at = 0; at < size;) {
    const piece = memory.subarray(0, Math.min(memory.length, size - at));
    await medium?.read(at, piece);
    const bytesRead = (await file?.read(piece, 0, piece.length, at))?.bytesRead ?? piece.length;
    if (bytesRead === 0) throw new Error(`Cannot read "${path}": it has become shorter`);
    yield piece.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function attempt<T>(folder: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENODEV" || (code === "ENOENT" && !(await exists(folder))))
      throw new UpdaterMachineError("boot-folder-missing", `Cannot use "${folder}": it is not there`, {
        hint: "Is the EFI system partition mounted? It appears at /boot on a machine that UEFI and systemd-boot started.",
        cause,
      });
    if (code === "EROFS")
      throw new UpdaterMachineError(
        "boot-folder-read-only",
        `Cannot write to "${folder}": it is mounted read-only`,
        {
          hint: "The kernel does that when it finds the file system damaged. Restart the machine: it is checked at the start.",
          cause,
        },
      );
    if (code === "ENOSPC")
      throw new UpdaterMachineError(
        "boot-folder-full",
        `Cannot write to "${folder}": there is no room left`,
        {
          hint: "Files of others take it up: list them, and remove what is not needed.",
          cause,
        },
      );
    throw cause;
  }
}
