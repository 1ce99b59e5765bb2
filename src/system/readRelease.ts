import { join } from "node:path";

import { reportStep, type Report } from "#progress/events.ts";
import { decodeChecksums } from "#release/checksums.ts";
import type { ReleaseManifest } from "#release/manifest.ts";
import { checkReleaseFiles, type FoundFile, type ReleaseFile } from "#release/releaseFiles.ts";
import { CHECKSUMS_NAME } from "#release/releaseNames.ts";
import { RepositoryError } from "#trust/repositoryError.ts";

import { listTree, readIfPresent, readStamp } from "./files.ts";
import { hashPieces } from "./repositoryDisk.ts";

/** Reads every file of a release and refuses when one is not what the release's own documents say. */
export async function readRelease(
  { folder, manifest }: { readonly folder: string; readonly manifest: ReleaseManifest },
  report: Report,
  signal?: AbortSignal,
): Promise<ReleaseFile[]> {
  const checksums = await readIfPresent(join(folder, CHECKSUMS_NAME));
  if (checksums === undefined) refuse(folder, [`"${CHECKSUMS_NAME}" is missing`]);
  const problems: string[] = [];
  const found = await reportStep(report, "check", async () => ({
    value: await hashFiles(folder, problems, report, signal),
  }));
  const files = checkReleaseFiles(manifest, decodeChecksums(checksums), found, problems);
  if (problems.length > 0) refuse(folder, problems);
  return files;
}

async function hashFiles(
  folder: string,
  problems: string[],
  report: Report,
  signal: AbortSignal | undefined,
): Promise<Map<string, FoundFile>> {
  const sizes = new Map<string, number>();
  for (const { path, kind } of await listTree(folder)) {
    if (path === CHECKSUMS_NAME) continue;
    const stamp = kind === "file" ? await readStamp(join(folder, path)) : undefined;
    if (stamp === undefined) problems.push(`"${path}" is a ${kind}, wanted a plain file`);
    else sizes.set(path, stamp.sizeBytes);
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let done = 0;
  const found = new Map<string, FoundFile>();
  for (const [name, sizeBytes] of sizes) {
    const onBytes = (count: number) => {
      done += count;
      report({ kind: "step-progress", step: "check", done, total, unit: "bytes", detail: name });
    };
    found.set(name, { sizeBytes, sha256: await hashPieces(join(folder, name), { signal, onBytes }) });
  }
  return found;
}

function refuse(folder: string, problems: readonly string[]): never {
  throw new RepositoryError(
    "release-not-whole",
    `The release in "${folder}" is not as it was built:\n${problems.join("\n")}`,
    { hint: "Build it again: socle build" },
  );
}
