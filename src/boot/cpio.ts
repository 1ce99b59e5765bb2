import { SocleError } from "#progress/socleError.ts";

/**
 * Archives in the "newc" form of cpio, which the kernel unpacks as its initrd
 * (Documentation/driver-api/early-userspace/buffer-format.rst). The same entries in any order give
 * the same bytes: sorted by path, inode numbers counted from 1. Not here: reading, hard links,
 * checksums ("070702"), compression.
 */
export type CpioEntry = CpioCommon &
  (
    | { readonly kind: "directory" }
    | { readonly kind: "file"; readonly content: Uint8Array }
    | { readonly kind: "symlink"; readonly target: string }
    | {
        readonly kind: "device";
        readonly device: "character" | "block";
        readonly major: number;
        readonly minor: number;
      }
  );

interface CpioCommon {
  /** Relative, without `.` and `..`, e.g. `usr/bin/init`. */
  readonly path: string;
  /** Permission bits; default 0o755 for directories, 0o644 for files, 0o600 for devices. Always 0o777 for symlinks. */
  readonly mode?: number;
  /** Default 0. */
  readonly uid?: number;
  readonly gid?: number;
}

export class CpioError extends SocleError<"path-malformed" | "path-twice" | "parent-missing" | "too-large"> {
  override readonly name = "CpioError";
}

const TYPE_BITS = {
  directory: 0o040_000,
  file: 0o100_000,
  symlink: 0o120_000,
  character: 0o020_000,
  block: 0o060_000,
} as const;
/** As GNU cpio pads; the kernel asks for 4, so archives can also be joined. */
const ARCHIVE_ALIGNMENT = 512;

/** `mtime`: seconds since 1970, given to every entry. */
export function encodeCpio(entries: readonly CpioEntry[], mtime: number): Buffer {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
  verifyPaths(sorted);
  const parts = sorted.flatMap((entry, index) => encodeEntry(entry, index + 1, mtime));
  parts.push(...encodeRecord("TRAILER!!!", { links: 1 }, Buffer.alloc(0)));
  return padTo(ARCHIVE_ALIGNMENT, parts);
}

function encodeEntry(entry: CpioEntry, inode: number, mtime: number): Buffer[] {
  const common = { inode, uid: entry.uid ?? 0, gid: entry.gid ?? 0, mtime, links: 1 };
  const empty = Buffer.alloc(0);
  switch (entry.kind) {
    case "directory":
      return encodeRecord(
        entry.path,
        { ...common, mode: TYPE_BITS.directory | (entry.mode ?? 0o755), links: 2 },
        empty,
      );
    case "file":
      return encodeRecord(
        entry.path,
        { ...common, mode: TYPE_BITS.file | (entry.mode ?? 0o644) },
        entry.content,
      );
    case "symlink":
      return encodeRecord(
        entry.path,
        { ...common, mode: TYPE_BITS.symlink | 0o777 },
        Buffer.from(entry.target),
      );
    case "device": {
      const mode = TYPE_BITS[entry.device] | (entry.mode ?? 0o600);
      return encodeRecord(entry.path, { ...common, mode, major: entry.major, minor: entry.minor }, empty);
    }
  }
}

interface RecordFields {
  readonly inode?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly links: number;
  readonly mtime?: number;
  readonly major?: number;
  readonly minor?: number;
}

/** Header and name together, then the content, each padded to 4 bytes. */
function encodeRecord(path: string, fields: RecordFields, content: Uint8Array): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const { inode = 0, mode = 0, uid = 0, gid = 0, links, mtime = 0, major = 0, minor = 0 } = fields;
  // Major and minor of the device that holds the file stand before those of a device node.
  const numbers = [inode, mode, uid, gid, links, mtime, content.length, 0, 0, major, minor, name.length, 0];
  const outOfRange = numbers.find(
    (number) => !Number.isInteger(number) || number < 0 || number > 0xffff_ffff,
  );
  if (outOfRange !== undefined) {
    throw new CpioError(
      "too-large",
      `Cannot archive "${path}": a header field is ${outOfRange}, wanted 0 to 4294967295`,
    );
  }
  const header = Buffer.from(
    `070701${numbers.map((number) => number.toString(16).padStart(8, "0")).join("")}`,
    "latin1",
  );
  return [padTo(4, [header, name]), padTo(4, [content])];
}

function padTo(alignment: number, parts: readonly Uint8Array[]): Buffer {
  const lengthBytes = parts.reduce((total, part) => total + part.length, 0);
  return Buffer.concat([...parts, Buffer.alloc((alignment - (lengthBytes % alignment)) % alignment)]);
}

function verifyPaths(sorted: readonly CpioEntry[]): void {
  const directories = new Set<string>();
  let previous: string | undefined;
  for (const { path, kind } of sorted) {
    if (path.includes("\0") || path.split("/").some((part) => part === "" || part === "." || part === "..")) {
      throw new CpioError(
        "path-malformed",
        `Cannot archive "${path}": wanted a relative path without empty parts, "." and ".."`,
      );
    }
    if (path === previous)
      throw new CpioError("path-twice", `Cannot archive "${path}": there are two entries for it`);
    const parent = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    if (parent !== "" && !directories.has(parent)) {
      // The kernel makes no parents: it would drop the entry without a word.
      throw new CpioError(
        "parent-missing",
        `Cannot archive "${path}": there is no directory entry for "${parent}"`,
      );
    }
    if (kind === "directory") directories.add(path);
    previous = path;
  }
}
