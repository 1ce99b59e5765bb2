/**
 * What initrd, system and updater say to each other about starts of a confirmed system that did not come to their end.
 * docs/decisions/0010-rescue-of-a-confirmed-system.md
 */

/** A number: starts, one after another, whose health nobody came to judge. The system removes it when it has been judged. */
export const UNFINISHED_BOOTS_PATH = "/var/lib/socle/boots/unfinished";

/** Made by the updater where there is a way back: the EFI variable that has the loader start it once. */
export const WAY_BACK_PATH = "/var/lib/socle/boots/way-back.efivar";

/** Left by the initrd when it has gone back: the file name of the kernel image that it went back from, as it was started. */
export const GONE_BACK_FROM_PATH = "/var/lib/socle/boots/gone-back-from";

/** So many unfinished starts are borne; the next one goes back. One more than a new version has tries: power cuts count, too. */
export const UNFINISHED_BOOTS_MOST = 4;

/** Of the variables of systemd-boot and its stub. https://systemd.io/BOOT_LOADER_INTERFACE */
export const LOADER_NAMESPACE = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/** Kept over power cuts; seen by the loader and by the system. UEFI 2.10, 8.2. */
const ATTRIBUTES = Uint8Array.from([7, 0, 0, 0]);

/** `LoaderEntryOneShot` as efivarfs takes it. */
export function encodeOneShot(fileName: string): Buffer {
  return Buffer.concat([ATTRIBUTES, Buffer.from(`${fileName}\0`, "utf16le")]);
}
