import { createHash } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";

import { reportStep } from "#progress/events.ts";
import { encodeChecksums } from "#release/checksums.ts";
import { CHECKSUMS_NAME } from "#release/releaseNames.ts";
import {
  exists,
  linkOrCopy,
  listFolder,
  makeFolder,
  readText,
  remove,
  replaceFolder,
  writeAtomic,
} from "#system/files.ts";
import type { TrustedRelease } from "#system/tuf/readRelease.ts";
import { openUpdateClient, type TrustedRepository } from "#system/tuf/updateClient.ts";
import { openWorkspace } from "#system/workspace.ts";
import { UpdateError } from "#trust/updateError.ts";

import type { CommandContext } from "../commandContext.ts";
import type { FetchArguments, FetchOptions } from "../commandOptions.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatBytes } from "../formatBytes.ts";
import { formatDuration } from "../formatDuration.ts";
import { toMarks } from "../marks.ts";
import { renderReleaseFiles } from "../renderReleaseFiles.ts";
import { refuseOtherFolder } from "../refuseOtherFolder.ts";
import { renderResult } from "../renderResult.ts";

/** From a repository that anybody may serve to the release that its project made. */
export async function fetch(
  { url }: FetchArguments,
  options: FetchOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const startedAt = performance.now();
  const repository = await refresh(url, options.trustedRoot, context);
  const release = await selectRelease(repository, options);
  const { id, version } = release.manifest;
  const output = resolve(options.output ?? `${id}_${version}`);
  await refuseOtherFolder(output);
  await fetchFiles(repository, release, output, context);
  const tookMs = performance.now() - startedAt;
  if (context.isQuiet) {
    context.stdout(`${output}\n`);
    return EXIT_CODE.ok;
  }
  const document = toDocument(repository, release, output, tookMs);
  context.stdout(await renderResult(document, context.output, () => renderFetched(document)));
  return EXIT_CODE.ok;
}

async function refresh(
  url: string,
  trustedRootFile: string,
  { report, signal }: CommandContext,
): Promise<TrustedRepository> {
  const trustedRoot = await readText(trustedRootFile);
  const base = url.endsWith("/") ? url : `${url}/`;
  const client = openUpdateClient({
    trustedRoot,
    // Of its own for each address: the same keys may have a repository to try things out and a real one.
    stateFolder: join(openWorkspace().updates, toDigest(`${trustedRoot}\n${base}`)),
    metadataUrl: `${base}metadata/`,
    targetsUrl: `${base}targets/`,
    clock: () => new Date(),
    // There is no image here whose date would be known.
    notBefore: new Date(0),
    fetch: { environment: process.env, signal },
  });
  const repository = await reportStep(report, "metadata", async () => ({ value: await client.refresh() }));
  if (repository.clock.behind)
    report({
      kind: "note",
      level: "warning",
      message: `this machine's clock is behind: it says ${toTime(repository.clock.system)}, the repository was signed at ${toTime(repository.clock.used)}`,
    });
  return repository;
}

async function selectRelease(repository: TrustedRepository, options: FetchOptions): Promise<TrustedRelease> {
  const channel = await repository.readChannel(options.channel);
  const version = options.release ?? channel.document.releases[0]?.version;
  if (version === undefined)
    throw new UpdateError(
      "version-unknown",
      `Cannot fetch from the channel "${options.channel}": it has no release`,
    );
  return repository.readRelease(channel, version);
}

/** The folder appears when all of it is there and verified; until then it lies hidden beside, for a later run to go on with. */
async function fetchFiles(
  repository: TrustedRepository,
  { manifest, files }: TrustedRelease,
  output: string,
  { report }: CommandContext,
): Promise<void> {
  const work = join(dirname(output), `.${basename(output)}.${manifest.id}_${manifest.version}.partial`);
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await reportStep(report, "fetch", async () => {
    await makeFolder(work);
    let before = 0;
    for (const target of files) {
      const file = join(work, target.name);
      const known = join(output, target.name);
      // What an earlier fetch brought is verified again, not downloaded again.
      if (!(await exists(file)) && (await exists(known))) await linkOrCopy(known, file);
      await repository.fetchArtifact(target, file, (doneBytes) =>
        report({
          kind: "step-progress",
          step: "fetch",
          done: before + doneBytes,
          total,
          unit: "bytes",
          detail: target.name,
        }),
      );
      before += target.sizeBytes;
    }
    return { value: undefined, detail: `${files.length} files, ${formatBytes(total)}` };
  });
  const names = files.map(({ name }) => name);
  for (const name of await listFolder(work)) if (!names.includes(name)) await remove(join(work, name));
  await writeAtomic(join(work, CHECKSUMS_NAME), encodeChecksums(files));
  await replaceFolder(work, output);
}

function toDocument(repository: TrustedRepository, release: TrustedRelease, folder: string, tookMs: number) {
  const { rootVersion, timestampVersion, snapshotVersion, targetsVersion, expires, clock } = repository;
  return {
    apiVersion: "socle/v1",
    kind: "FetchedRelease",
    id: release.manifest.id,
    version: release.manifest.version,
    channel: release.channel,
    folder,
    files: release.files.map(({ name, sizeBytes, sha256 }) => ({ name, sizeBytes, sha256 })),
    metadata: { rootVersion, timestampVersion, snapshotVersion, targetsVersion, expires },
    clock: { system: toTime(clock.system), used: toTime(clock.used), behind: clock.behind },
    tookMs: Math.round(tookMs),
  };
}

export function renderFetched(document: ReturnType<typeof toDocument>): string {
  const { id, version, channel, folder, files, metadata, tookMs } = document;
  const lines = [
    `${toMarks(process.env).ok} fetched ${id} ${version} of the channel ${channel} in ${formatDuration(tookMs)}`,
    "",
    ...renderReleaseFiles(folder, files),
    "",
    `  Trusted     by root ${metadata.rootVersion}; timestamp ${metadata.timestampVersion} is good until ${metadata.expires.timestamp}`,
  ];
  return `${lines.join("\n")}\n`;
}

function toDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function toTime(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
