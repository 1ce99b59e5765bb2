import { readGptCopies } from "./gptCopies.ts";
import { readBootFolder } from "./readBootFolder.ts";
import { decodeSlots } from "./slots.ts";
import type { BlockDevice, BootFolder } from "./updateDevices.ts";
import type { UpdateFacts } from "./updateFacts.ts";

/** What the disk does not say: from the boot, the image, the firmware and the configuration. */
export type KnownFacts = Pick<UpdateFacts, "id" | "running" | "bootOnce" | "bootTries" | "limits">;

/** Throws an UpdateStepError where the disk has no slots. */
export async function readUpdateFacts(
  { disk, bootFolder }: { readonly disk: BlockDevice; readonly bootFolder: BootFolder },
  known: KnownFacts,
): Promise<UpdateFacts> {
  const table = await readGptCopies(disk);
  return {
    ...known,
    table,
    slots: decodeSlots(table.gpt, known.id),
    bootFolder: await readBootFolder(bootFolder, known.id),
  };
}
