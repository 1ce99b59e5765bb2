import { dirname } from "node:path";

import { encodeOneShot, GONE_BACK_FROM_PATH, WAY_BACK_PATH } from "#boot/unfinishedBoots.ts";

import { makeFolder, readIfPresent, remove, writeAtomic } from "../files.ts";
import { repositoryDisk } from "../repositoryDisk.ts";

/** What updater and initrd say to each other of a confirmed system that does not come up any more. */
export interface WayBackFiles {
  /** Which entry of the boot folder the initrd is to have started then; undefined: there is none. */
  prepare(fileName: string | undefined): Promise<void>;
  /** File name, as it was started, of the kernel image that the initrd went back from; undefined when it did not. */
  readGoneBackFrom(): Promise<string | undefined>;
  /** Once it is remembered elsewhere. */
  forgetGoneBack(): Promise<void>;
}

export function openWayBack(
  paths: { readonly wayBack: string; readonly goneBackFrom: string } = {
    wayBack: WAY_BACK_PATH,
    goneBackFrom: GONE_BACK_FROM_PATH,
  },
): WayBackFiles {
  const drop = async (path: string): Promise<void> => {
    await makeFolder(dirname(path));
    await remove(path);
    await repositoryDisk.syncFolder(dirname(path));
  };
  return {
    prepare: async (fileName) => {
      if (fileName === undefined) return drop(paths.wayBack);
      const variable = encodeOneShot(fileName);
      // It is asked for at every start of the updater: the disk is left alone when it says so already.
      if ((await readIfPresent(paths.wayBack)) === variable.toString()) return;
      await writeAtomic(paths.wayBack, variable, 0o600);
      await repositoryDisk.syncFolder(dirname(paths.wayBack));
    },
    readGoneBackFrom: async () => {
      const name = (await readIfPresent(paths.goneBackFrom))?.trim();
      return name === "" ? undefined : name;
    },
    forgetGoneBack: async () => drop(paths.goneBackFrom),
  };
}
