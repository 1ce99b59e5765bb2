import { join } from "node:path";

import { reportStep, type Report } from "#progress/events.ts";
import { CHANNEL_DOCUMENT_NAME } from "#release/channel.ts";
import { ARTIFACTS, CHECKSUMS_NAME } from "#release/releaseNames.ts";
import { RepositoryError } from "#trust/repositoryError.ts";
import type { RepositoryFacts } from "#trust/repositoryFindings.ts";

import { fileSize, listTree, readText } from "./files.ts";
import { hashPieces } from "./repositoryDisk.ts";
import { isPartial, METADATA_FOLDER, readMetadataFiles, TARGETS_FOLDER } from "./repositoryFolder.ts";

const DOCUMENTS = [
  `.${CHANNEL_DOCUMENT_NAME}`,
  ARTIFACTS.manifest.pattern.replace("@v", ""),
  `/${CHECKSUMS_NAME}`,
];
/** Larger than any document of ours; one that is larger is not read. */
const MOST_DOCUMENT_BYTES = 16 << 20;

/** Reads the whole repository, every byte of it. */
export async function readRepositoryFacts(
  folder: string,
  report: Report,
  signal?: AbortSignal,
): Promise<RepositoryFacts> {
  const metadata = await readMetadataFiles(folder);
  if (metadata.size === 0) {
    throw new RepositoryError("not-a-repository", `There is no repository in "${folder}"`, {
      hint: `Name the folder that has "${METADATA_FOLDER}" and "${TARGETS_FOLDER}" in it.`,
    });
  }
  const entries = (await listTree(folder)).filter(
    ({ path, kind }) => kind !== "directory" && path !== ".lock",
  );
  const isTarget = ({ path, kind }: (typeof entries)[number]) =>
    kind === "file" && path.startsWith(`${TARGETS_FOLDER}/`) && !isPartial(path.split("/").at(-1) ?? "");
  const isMetadata = ({ path }: (typeof entries)[number]) =>
    metadata.has(path.slice(METADATA_FOLDER.length + 1)) && path.startsWith(`${METADATA_FOLDER}/`);
  const paths = entries.filter(isTarget).map(({ path }) => path.slice(TARGETS_FOLDER.length + 1));
  return {
    metadata,
    others: entries.filter((entry) => !isTarget(entry) && !isMetadata(entry)).map(({ path }) => path),
    ...(await readTargets(join(folder, TARGETS_FOLDER), paths, report, signal)),
  };
}

async function readTargets(
  folder: string,
  paths: readonly string[],
  report: Report,
  signal: AbortSignal | undefined,
): Promise<Pick<RepositoryFacts, "targets" | "documents">> {
  const step = "read";
  return reportStep(report, step, async () => {
    const sizes = new Map<string, number>();
    for (const path of paths) sizes.set(path, await fileSize(join(folder, path)));
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    let done = 0;
    const targets = new Map<string, { sizeBytes: number; sha256: string }>();
    const documents = new Map<string, string>();
    for (const [path, sizeBytes] of sizes) {
      const onBytes = (count: number) => {
        done += count;
        report({ kind: "step-progress", step, done, total, unit: "bytes", detail: path });
      };
      const sha256 = await hashPieces(join(folder, path), { signal, onBytes });
      targets.set(path, { sizeBytes, sha256 });
      if (DOCUMENTS.some((end) => path.endsWith(end)) && sizeBytes <= MOST_DOCUMENT_BYTES)
        documents.set(path, await readText(join(folder, path)));
    }
    return { value: { targets, documents }, detail: `${targets.size} files` };
  });
}
