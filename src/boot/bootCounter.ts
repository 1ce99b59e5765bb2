import { SocleError } from "#progress/socleError.ts";

/**
 * File names of unified kernel images in EFI/Linux with automatic boot assessment:
 * `ID_VERSION+LEFT-DONE.efi` while a version is being tried, `ID_VERSION.efi` once it is good.
 * systemd-boot takes one from LEFT and adds one to DONE before it starts the file. Boot Loader
 * Specification (UAPI.1), "Boot counting". Both numbers are written as one digit, DONE from the
 * start, so that the FAT long name never changes its length while the loader renames. Not here:
 * Type 1 entries (`.conf`).
 */
export interface BootEntryName {
  readonly id: string;
  readonly version: string;
  /** Absent: the version has been booted and found good, or was never counted. */
  readonly counter?: BootCounter;
}

export interface BootCounter {
  /** Boots left before the entry counts as bad; 0 to 9. */
  readonly left: number;
  /** Boots used up; 0 to 9. */
  readonly done: number;
}

export class BootCounterError extends SocleError<"not-one-digit" | "name-malformed"> {
  override readonly name = "BootCounterError";
}

const NAME =
  /^(?<id>[a-z0-9.-]+)_(?<version>[A-Za-z0-9.~^-]+)(?:\+(?<left>\d{1,9})(?:-(?<done>\d{1,9}))?)?\.efi$/;

export function encodeBootEntryName({ id, version, counter }: BootEntryName): string {
  const name = `${id}_${version}${counter === undefined ? "" : `+${counter.left}-${counter.done}`}.efi`;
  for (const [what, value] of Object.entries(counter ?? {})) {
    if (!Number.isInteger(value) || value < 0 || value > 9) {
      throw new BootCounterError(
        "not-one-digit",
        `Cannot name boot entry "${name}": tries ${what} is ${value}, wanted 0 to 9`,
      );
    }
  }
  const decoded = decodeBootEntryName(name);
  if (decoded?.id !== id || decoded.version !== version) {
    throw new BootCounterError(
      "name-malformed",
      `Cannot name boot entry "${name}": wanted an id of lower-case letters, digits, "." and "-", and a version without "_" and "+"`,
    );
  }
  return name;
}

/** Undefined for a file that is not named like ours: an ESP holds other people's files too. */
export function decodeBootEntryName(fileName: string): BootEntryName | undefined {
  const { id, version, left, done = "0" } = NAME.exec(fileName)?.groups ?? {};
  if (id === undefined || version === undefined) return undefined;
  return left === undefined
    ? { id, version }
    : { id, version, counter: { left: Number(left), done: Number(done) } };
}

/** `bad`: every try was used up; the loader sorts it last but can still start it. */
export function toBootAssessment({ counter }: BootEntryName): "good" | "trying" | "bad" {
  if (counter === undefined) return "good";
  return counter.left === 0 ? "bad" : "trying";
}
