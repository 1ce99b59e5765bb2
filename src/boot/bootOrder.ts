import { toBootAssessment } from "./bootCounter.ts";
import type { BootEntryName } from "./bootCounter.ts";
import { compareVersions } from "./version.ts";

/** A kernel image of this system in EFI/Linux. */
export interface BootEntryFacts {
  readonly fileName: string;
  readonly name: BootEntryName;
  readonly sizeBytes: number;
  /** Of the file's content. */
  readonly sha256: string;
  /** From its command line; undefined when the file cannot be read as a kernel image that has one. */
  readonly rootHash?: string;
}

/**
 * The order in which systemd-boot takes one system's kernel images: those without tries left come
 * last, else the newest version comes first. Two names of one version differ in the counter only,
 * which it leaves out of the comparison; then the one with more tries comes first.
 */
export function compareBootEntries(a: BootEntryFacts, b: BootEntryFacts): number {
  return (
    Number(isBad(a)) - Number(isBad(b)) ||
    -compareVersions(a.name.version, b.name.version) ||
    compareTries(a.name, b.name)
  );
}

/** What the loader starts when nobody tells it otherwise. */
export function pickBootEntry(entries: readonly BootEntryFacts[]): BootEntryFacts | undefined {
  return entries.toSorted(compareBootEntries)[0];
}

export function isBad({ name }: BootEntryFacts): boolean {
  return toBootAssessment(name) === "bad";
}

/** Used up its tries, and not only set aside by a rollback (which leaves no boots done). */
export function hasFailed(entry: BootEntryFacts): boolean {
  return isBad(entry) && entry.name.counter?.done !== 0;
}

/** systemd-boot leaves two entries in any order unless both are counted. */
function compareTries({ counter: a }: BootEntryName, { counter: b }: BootEntryName): number {
  if (a === undefined || b === undefined) return 0;
  return b.left - a.left || a.done - b.done;
}
