import { join } from "node:path";

import type { LockedPackage } from "#release/lock.ts";

import type { AptMirrors } from "./aptArchive.ts";
import { ArchiveError } from "./archiveError.ts";
import { downloadPackages } from "./downloadPackages.ts";
import {
  exists,
  hashFile,
  linkOrCopy,
  listFolder,
  makeFolder,
  makeWorkFolder,
  move,
  readText,
  remove,
  writeAtomic,
} from "./files.ts";
import { runCommand } from "./runCommand.ts";

/**
 * Debian packages by content, shared by every definition: `SHA256.deb`, and `SHA256.control`, its
 * stanza for a package index. A file is there whole or not at all.
 */
export class PackageStore {
  readonly #folder: string;
  readonly #workRoot: string;

  constructor(folder: string, workRoot: string) {
    this.#folder = folder;
    this.#workRoot = workRoot;
  }

  fileOf(locked: LockedPackage): string {
    return join(this.#folder, `${locked.sha256}.deb`);
  }

  /** Each once. */
  async findMissing(packages: readonly LockedPackage[]): Promise<LockedPackage[]> {
    const present = new Set(await listFolder(this.#folder));
    // An image and its tools have packages in common.
    const distinct = new Map(packages.map((locked) => [locked.sha256, locked]));
    return [...distinct.values()].filter((locked) => !present.has(`${locked.sha256}.control`));
  }

  /** Downloads what is missing. `mirrors` is asked for only then: a full store needs no network. */
  async fetch(
    packages: readonly LockedPackage[],
    mirrors: () => Promise<AptMirrors>,
    options: {
      onProgress?: (doneBytes: number, totalBytes: number) => void;
      signal?: AbortSignal | undefined;
    } = {},
  ): Promise<{ fetched: number; bytes: number }> {
    const missing = await this.findMissing(packages);
    if (missing.length === 0) return { fetched: 0, bytes: 0 };
    const totalBytes = missing.reduce((sum, locked) => sum + locked.sizeBytes, 0);
    const work = await makeWorkFolder(this.#workRoot, "download");
    try {
      let done = 0;
      const fileIn = (locked: LockedPackage) => join(work, locked.path.split("/").at(-1) ?? locked.sha256);
      const sizes = new Map(missing.map((locked) => [locked.path.split("/").at(-1), locked.sizeBytes]));
      const from = await mirrors();
      await makeFolder(this.#folder);
      try {
        await downloadPackages(missing, from, fileIn, {
          signal: options.signal,
          onFile: (line) => {
            done += sizes.get(decodeURIComponent(/\/([^/\s]+\.deb)/.exec(line)?.[1] ?? "")) ?? 0;
            options.onProgress?.(Math.min(done, totalBytes), totalBytes);
          },
        });
      } catch (error) {
        if (error instanceof ArchiveError) await this.#keepWhole(missing, fileIn, options.signal);
        throw error;
      }
      for (const locked of missing) await this.#keep(locked, fileIn(locked), options.signal);
    } finally {
      await remove(work);
    }
    return { fetched: missing.length, bytes: totalBytes };
  }

  /** After a download that failed: what did arrive need not be downloaded again. */
  async #keepWhole(
    packages: readonly LockedPackage[],
    fileIn: (locked: LockedPackage) => string,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const locked of packages) {
      const file = fileIn(locked);
      if ((await exists(file)) && (await hashFile(file)) === locked.sha256)
        await this.#keep(locked, file, signal);
    }
  }

  async #keep(locked: LockedPackage, file: string, signal?: AbortSignal): Promise<void> {
    const { stdout } = await runCommand(["dpkg-deb", "--field", file], { signal });
    await move(file, this.fileOf(locked));
    const index = `${stdout.trimEnd()}\nSize: ${locked.sizeBytes}\nSHA256: ${locked.sha256}\n`;
    await writeAtomic(join(this.#folder, `${locked.sha256}.control`), index);
  }

  /** Lays the packages out as a flat repository that apt can read: the files and their index. */
  async makeRepository(packages: readonly LockedPackage[], folder: string): Promise<void> {
    await makeFolder(folder);
    const stanzas = await Promise.all(
      packages.map(async (locked) => {
        const name = `${locked.name}_${locked.version.replace(":", "%3a")}_${locked.architecture}.deb`;
        await linkOrCopy(this.fileOf(locked), join(folder, name));
        const control = await readText(join(this.#folder, `${locked.sha256}.control`));
        return `${control}Filename: ./${name}\n`;
      }),
    );
    await writeAtomic(join(folder, "Packages"), stanzas.join("\n"));
  }

  /** Copies the packages to `folder` under the archive's own paths, so that it can serve as a mirror. */
  async export(packages: readonly LockedPackage[], folder: string): Promise<void> {
    for (const locked of packages) {
      const target = join(folder, locked.path);
      if (await exists(target)) continue;
      await makeFolder(join(target, ".."));
      const beside = `${target}.part`; // a copy takes time: half of one must not have the name
      await remove(beside);
      await linkOrCopy(this.fileOf(locked), beside);
      await move(beside, target);
    }
  }
}
