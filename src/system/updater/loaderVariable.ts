import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { LOADER_NAMESPACE } from "#boot/unfinishedBoots.ts";

export const EFI_VARIABLES_FOLDER = "/sys/firmware/efi/efivars";
/** efivarfs puts them before the value. UEFI 2.10, 8.2. */
const ATTRIBUTES_BYTES = 4;

/** A text in UTF-16LE that ends with NUL; undefined when the loader, or the firmware, has no such variable. */
export async function readLoaderVariable(
  name: string,
  folder = EFI_VARIABLES_FOLDER,
): Promise<string | undefined> {
  try {
    const bytes = await readFile(join(folder, `${name}-${LOADER_NAMESPACE}`));
    return bytes.subarray(ATTRIBUTES_BYTES).toString("utf16le").replace(/\0.*$/s, "");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
