import type { BootLoader } from "#boot/performUpdateStep.ts";
import type { BootFolder } from "#boot/updateDevices.ts";

import { runCommand } from "../runCommand.ts";
import { EFI_VARIABLES_FOLDER, readLoaderVariable } from "./loaderVariable.ts";
import { UpdaterMachineError } from "./updaterMachineError.ts";

export interface SystemdBoot extends BootLoader {
  readBootOnce(): Promise<string | undefined>;
}

/**
 * systemd-boot, told by bootctl(1): it writes `LoaderEntryOneShot`, and knows that efivarfs makes the variables of
 * others immutable. The name of an entry is that of its file as it is now, counter included; the loader compares it
 * without regard to case, takes the variable away, and starts the entry (systemd 257, src/boot/boot.c).
 */
export function openBootLoader(
  bootFolder: Pick<BootFolder, "list">,
  variablesFolder = EFI_VARIABLES_FOLDER,
): SystemdBoot {
  return {
    bootOnce: async (fileName) => {
      try {
        await runCommand(["bootctl", "set-oneshot", fileName]);
      } catch (cause) {
        throw new UpdaterMachineError(
          "loader-refuses",
          `Cannot have "${fileName}" started at the next boot`,
          {
            hint: "Only a machine that UEFI and systemd-boot started can be told, and only while the firmware has room for it.",
            cause,
          },
        );
      }
    },
    readBootOnce: async () => {
      const id = await readLoaderVariable("LoaderEntryOneShot", variablesFolder);
      if (id === undefined || id === "") return undefined;
      const files = await bootFolder.list();
      return files.find(({ name }) => name.toLowerCase() === id.toLowerCase())?.name ?? id;
    },
  };
}
