import type { LockedPackage } from "#release/lock.ts";

import type { AptMirrors } from "./aptArchive.ts";
import { ArchiveError } from "./archiveError.ts";
import { isDiskFull } from "./diskFull.ts";
import { DIE_WITH_PARENT } from "./isolation.ts";
import { CommandError, runCommand } from "./runCommand.ts";

/**
 * Downloads packages into files, each checked against its SHA-256 by apt. Missing and wrong ones
 * are named, all at once.
 */
export async function downloadPackages(
  packages: readonly LockedPackage[],
  mirrors: AptMirrors,
  fileOf: (locked: LockedPackage) => string,
  options: { onFile?: (line: string) => void; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  if (packages.length === 0) return;
  const triples = packages.flatMap((locked) => [
    toUri(locked, mirrors),
    fileOf(locked),
    `SHA256:${locked.sha256}`,
  ]);
  const failures: string[] = [];
  try {
    await runCommand(
      [
        ...DIE_WITH_PARENT,
        "/usr/lib/apt/apt-helper",
        "-o",
        "APT::Sandbox::User=root",
        "-o",
        "Acquire::Retries=3",
        "download-file",
        ...triples,
      ],
      {
        title: "apt-helper download-file",
        environment: { ...process.env, LC_ALL: "C.UTF-8" },
        signal: options.signal,
        onLine: (line) => {
          if (line.startsWith("Get:")) options.onFile?.(line);
          if (line.startsWith("E: Failed to fetch ")) failures.push(line);
        },
      },
    );
  } catch (error) {
    if (!(error instanceof CommandError) || isDiskFull(error)) throw error;
    throw toDownloadError(error, failures, packages);
  }
}

function toUri({ archive, path }: LockedPackage, mirrors: AptMirrors): string {
  const base = mirrors[archive] ?? mirrors.debian;
  // For `file:` apt would leave a link into the pool instead of the bytes; and it wants all of a URI encoded, or nothing.
  const from = /^(?:file|copy):/.test(base) ? encodeURI(decodeAscii(base)).replace(/^file:/, "copy:") : base;
  return `${from}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** Percent codes of plain characters only: the rest of a line need not be a URI. */
function decodeAscii(text: string): string {
  return text.replaceAll(/%([2-7][0-9a-f])/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

const WRONG_BYTES = /Hash Sum mismatch|unexpected size/;
const GONE = / {2}(?:404|410) {2}|File not found|Failed to stat/;

/** `failures` are apt's lines about single files: `E: Failed to fetch URI  REASON`. */
export function toDownloadError(
  error: CommandError,
  failures: readonly string[],
  packages: readonly LockedPackage[],
): ArchiveError {
  const tail = error.outputTail ?? "";
  const listFor = (reason: RegExp) => {
    const lines = failures.filter((line) => reason.test(line)).map(decodeAscii);
    const named = packages.filter(({ path }) => lines.some((line) => line.includes(`/${path} `)));
    return named.map(({ name, version }) => `${name} ${version}`).join(", ") || "a package";
  };
  if (failures.some((line) => WRONG_BYTES.test(line))) {
    return new ArchiveError(
      "wrong-hash",
      `Refused ${listFor(WRONG_BYTES)}: the mirror serves other bytes than the lock names`,
      {
        cause: error,
        outputTail: tail,
        hint: "None of those bytes were kept. If the mirror is being updated, try again later; if it stays so, do not trust it.",
      },
    );
  }
  if (failures.some((line) => GONE.test(line))) {
    return new ArchiveError(
      "package-gone",
      `Cannot download ${listFor(GONE)}: not on the mirror any more, and not in the cache`,
      {
        cause: error,
        hint: "Resolve anew with `socle lock`, or build from a pool kept with `socle lock --export DIR`: SOCLE_MIRROR=file:DIR",
      },
    );
  }
  return new ArchiveError("mirror-failed", `Cannot download ${listFor(/./)}: the mirror failed`, {
    cause: error,
    outputTail: tail,
    hint: "Check the network and the host's apt sources, then run the same command again: what was downloaded is kept.",
  });
}
