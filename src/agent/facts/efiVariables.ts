/** Variables in efivarfs: four bytes of attributes, then the value. UEFI 2.10, 3.3; systemd's BOOT_LOADER_INTERFACE. */

const FOLDER = "/sys/firmware/efi/efivars";
export const SECURE_BOOT_PATH = `${FOLDER}/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c`;
/** The path of the image whose stub was started. */
export const STARTED_IMAGE_PATH = `${FOLDER}/StubImageIdentifier-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f`;
export const BOOT_COUNT_PATH = `${FOLDER}/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f`;

const ATTRIBUTES_SIZE_BYTES = 4;

/** Undefined when the variable is not what it should be. */
export function parseSecureBoot(variable: Uint8Array): boolean | undefined {
  if (variable.length !== ATTRIBUTES_SIZE_BYTES + 1) return undefined;
  return variable[ATTRIBUTES_SIZE_BYTES] === 1;
}

/** The file name of the image whose stub was started, e.g. `minimal_1.0.0+2-1.efi`: the name that it had then. */
export function parseStartedImageName(variable: Uint8Array): string {
  const path = new TextDecoder("utf-16le").decode(variable.subarray(ATTRIBUTES_SIZE_BYTES));
  return path.replace(/\0.*$/s, "").split(/[\\/]/).at(-1) ?? "";
}

export interface BootTries {
  readonly left: number;
  readonly done: number;
}

/**
 * The path of the entry that was booted, as systemd-boot renamed it before the start, e.g.
 * `\EFI\Linux\minimal_1.0.0+2-1.efi`. Undefined when it carries no counter.
 */
export function parseBootCountPath(variable: Uint8Array): BootTries | undefined {
  const path = new TextDecoder("utf-16le").decode(variable.subarray(ATTRIBUTES_SIZE_BYTES));
  const [, left, done] = /\+(\d+)(?:-(\d+))?\.(?:efi|conf)\0*$/i.exec(path) ?? [];
  return left === undefined ? undefined : { left: Number(left), done: Number(done ?? 0) };
}
