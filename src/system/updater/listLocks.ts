import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import * as z from "zod/mini";

import { CommandError, runCommand } from "../runCommand.ts";

/** Applications put a file here while the machine must not restart; its name says who, its first line why. */
export const LOCKS_FOLDER = "/run/socle/locks";

export interface RestartLock {
  readonly name: string;
  readonly reason: string;
}

/** `systemd-inhibit --list --json=short`, systemd 257. */
const inhibitorsSchema = z.array(
  z.looseObject({ who: z.string(), why: z.string(), what: z.string(), mode: z.string() }),
);

export async function listLocks(folder = LOCKS_FOLDER): Promise<RestartLock[]> {
  return [...(await listLockFiles(folder)), ...(await listInhibitors())];
}

export async function listLockFiles(folder: string): Promise<RestartLock[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(ignoreMissing(() => []));
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const locks = await Promise.all(
    names.toSorted().map(async (name) => {
      // One that is gone by now is no lock.
      const content = await readFile(join(folder, name), "utf8").catch(ignoreMissing(() => undefined));
      return content === undefined ? [] : [{ name, reason: content.split("\n", 1)[0]?.trim() ?? "" }];
    }),
  );
  return locks.flat();
}

/** Only those that forbid a shutdown, and not those that delay it. */
export function parseInhibitors(text: string): RestartLock[] {
  return inhibitorsSchema
    .parse(JSON.parse(text))
    .filter(({ mode, what }) => mode === "block" && what.split(":").includes("shutdown"))
    .map(({ who, why }) => ({ name: who, reason: why }));
}

async function listInhibitors(): Promise<RestartLock[]> {
  try {
    const { stdout } = await runCommand(["systemd-inhibit", "--list", "--json=short", "--no-pager"]);
    return stdout.trim() === "" ? [] : parseInhibitors(stdout);
  } catch (error) {
    // Without logind nobody can hold one.
    if (error instanceof CommandError) return [];
    throw error;
  }
}

function ignoreMissing<T>(otherwise: () => T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return otherwise();
    throw error;
  };
}
