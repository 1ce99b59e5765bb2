import { toTargetPath } from "#release/channel.ts";
import { decodeChecksums } from "#release/checksums.ts";
import { parseManifest } from "#release/manifest.ts";
import { CHECKSUMS_NAME } from "#release/releaseNames.ts";

import {
  toStoredName,
  type ChannelContent,
  type PublishedFile,
  type RepositoryContent,
} from "./repositoryContent.ts";
import { toReason } from "./repositoryRoots.ts";
import { listStateFiles, type MetadataFiles, type RepositoryState } from "./repositoryState.ts";

/** All that there is in a repository's folder. */
export interface RepositoryFacts {
  readonly metadata: MetadataFiles;
  /** Every file below `targets/`, by its path from there, with what was found by reading it. */
  readonly targets: ReadonlyMap<string, { readonly sizeBytes: number; readonly sha256: string }>;
  /** The content of those files below `targets/` that are documents, by the same paths. */
  readonly documents: ReadonlyMap<string, string>;
  /** Anything else, by its path in the repository. */
  readonly others: readonly string[];
}

export function checkFiles(name: string, { files }: ChannelContent, { targets }: RepositoryFacts): string[] {
  return files.flatMap((file) => {
    const path = toTargetPath(name, toStoredName(file));
    const found = targets.get(path);
    if (found === undefined) return [`${path} is missing`];
    if (found.sizeBytes !== file.sizeBytes)
      return [`${path} has ${found.sizeBytes} bytes, wanted ${file.sizeBytes}`];
    return found.sha256 === file.sha256 ? [] : [`${path} has other bytes: its SHA-256 is ${found.sha256}`];
  });
}

export function checkManifests(
  name: string,
  { document, files }: ChannelContent,
  facts: RepositoryFacts,
): string[] {
  return document.releases.flatMap(({ version, rootHash }) => {
    const own = files.filter((file) => file.version === version);
    const file = own.find(({ kind }) => kind === "manifest");
    const text = file && facts.documents.get(toTargetPath(name, toStoredName(file)));
    if (text === undefined) return []; // the missing file is a problem already
    try {
      const manifest = parseManifest(text);
      return [
        ...(manifest.id === document.id && manifest.version === version
          ? []
          : [`the manifest of ${version} is that of ${manifest.id} ${manifest.version}`]),
        ...(manifest.rootHash === rootHash
          ? []
          : [`the root hash of ${version} is not that of its manifest`]),
        ...manifest.artifacts
          .filter((artifact) => !own.some((each) => isSameFile(each, artifact)))
          .map((artifact) => `${artifact.name} is not what the manifest of ${version} says`),
      ];
    } catch (error) {
      return [`the manifest of ${version} cannot be used: ${toReason(error)}`];
    }
  });
}

function isSameFile(a: Omit<PublishedFile, "version">, b: Omit<PublishedFile, "version">): boolean {
  return a.name === b.name && a.kind === b.kind && a.sizeBytes === b.sizeBytes && a.sha256 === b.sha256;
}

/** What systemd-sysupdate reads is unsigned: it may lag behind what is signed, never say more. */
export function checkChecksums(name: string, { files }: ChannelContent, { documents }: RepositoryFacts) {
  const path = toTargetPath(name, CHECKSUMS_NAME);
  const text = documents.get(path);
  const lag = `${path} lags behind the signed metadata: run publish or "repository renew" again`;
  if (text === undefined) return { problems: [], warnings: files.length === 0 ? [] : [lag] };
  try {
    const listed = decodeChecksums(text);
    const known = new Map(files.map((file) => [toStoredName(file), file.sha256]));
    const wrong = listed.filter((line) => known.get(line.name) !== line.sha256);
    return {
      problems: wrong.map((line) => `${path} names ${line.name}, which the signed metadata do not`),
      warnings: listed.length < known.size ? [lag] : [],
    };
  } catch (error) {
    return { problems: [`${path} cannot be used: ${toReason(error)}`], warnings: [] };
  }
}

/** One version is the same bytes in every channel. */
export function findForks(content: RepositoryContent): string[] {
  const seen = new Map<string, { channel: string; sha256: string }>();
  return [...content].flatMap(([channel, { files, document }]) =>
    files.flatMap((file) => {
      const key = `${document.id} ${file.version} ${file.name}`;
      const other = seen.get(key);
      if (other === undefined) seen.set(key, { channel, sha256: file.sha256 });
      return other === undefined || other.sha256 === file.sha256
        ? []
        : [`${file.name} has other bytes in "${channel}" than in "${other.channel}"`];
    }),
  );
}

/** Former metadata and channel documents stay for a while, for clients in the middle of reading: they are no finding. */
export function findUnnamed(
  state: RepositoryState,
  content: RepositoryContent,
  facts: RepositoryFacts,
): string[] {
  const current = new Map(
    [...listStateFiles(state)].map((file) => [file.replace(/^\d+\./, ""), Number.parseInt(file, 10)]),
  );
  const metadata = [...facts.metadata.keys()].filter((file) => {
    const [version = "", ...role] = file.split(".");
    const newest = role[0] === "root" ? state.root.signed.version : current.get(role.join("."));
    return file !== "timestamp.json" && !(newest !== undefined && Number(version) <= newest);
  });
  const named = new Set(
    [...content].flatMap(([name, { files }]) =>
      [CHECKSUMS_NAME, ...files.map(toStoredName)].map((file) => toTargetPath(name, file)),
    ),
  );
  const targets = [...facts.targets].filter(
    ([path, { sha256 }]) => !named.has(path) && !path.endsWith(`/${sha256}.channel.json`),
  );
  return [
    ...metadata.map((file) => `nothing names metadata/${file}`),
    ...targets.map(([path]) => `nothing names targets/${path}`),
    ...facts.others.map((path) => `nothing names ${path}`),
  ];
}
