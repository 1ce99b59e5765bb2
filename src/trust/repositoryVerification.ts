import type { Metadata } from "@tufjs/models";

import { toTargetPath } from "#release/channel.ts";
import { decodeChecksums } from "#release/checksums.ts";
import { parseManifest } from "#release/manifest.ts";
import { CHECKSUMS_NAME } from "#release/releaseNames.ts";

import {
  findStoredDocument,
  readChannelContent,
  toStoredName,
  type ChannelContent,
  type PublishedFile,
  type RepositoryContent,
} from "./repositoryContent.ts";
import { parseRoot, toReason } from "./repositoryRoots.ts";
import {
  findRoots,
  listStateFiles,
  readState,
  type MetadataFiles,
  type OtherMetadata,
  type RepositoryState,
} from "./repositoryState.ts";

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

export interface RepositoryReport {
  readonly roles: readonly RoleReport[];
  readonly channels: readonly ChannelReport[];
  /** What clients must not or cannot use. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

export interface RoleReport {
  readonly role: string;
  readonly version: number;
  /** RFC 3339. */
  readonly expires: string;
  readonly expired: boolean;
}

export interface ChannelReport {
  readonly name: string;
  readonly id: string;
  /** Newest first. */
  readonly versions: readonly string[];
  readonly files: number;
  readonly sizeBytes: number;
}

export interface VerificationOptions {
  readonly now: Date;
  /** Root metadata that are trusted for another reason than that they lie there. */
  readonly trustedRoot?: Uint8Array;
}

/** Looks at the whole and names every problem, not the first one only. */
export function verifyRepository(
  facts: RepositoryFacts,
  { now, trustedRoot }: VerificationOptions,
): RepositoryReport {
  const problems: string[] = [];
  const warnings: string[] = [];
  if (trustedRoot !== undefined) problems.push(...compareRoot(facts.metadata, trustedRoot));
  const state = readState(facts.metadata, problems);
  const roles = state === undefined ? [] : toRoles(state, now);
  for (const { role, expired, expires } of roles) {
    if (expired) problems.push(`the ${role} metadata expired at ${expires}`);
  }
  const content = state === undefined ? new Map<string, ChannelContent>() : readContent(state, facts, problems);
  for (const [name, channel] of content) {
    problems.push(...checkFiles(name, channel, facts).map((problem) => `${name}: ${problem}`));
    problems.push(...checkManifests(name, channel, facts).map((problem) => `${name}: ${problem}`));
    const sums = checkChecksums(name, channel, facts);
    problems.push(...sums.problems.map((problem) => `${name}: ${problem}`));
    warnings.push(...sums.warnings.map((warning) => `${name}: ${warning}`));
  }
  problems.push(...findForks(content));
  if (state !== undefined) warnings.push(...findUnnamed(state, content, facts));
  return { roles, channels: [...content.values()].map(toChannelReport), problems, warnings };
}

/** The content that signed metadata and their channel documents describe. */
export function readContent(
  state: RepositoryState,
  { documents }: Pick<RepositoryFacts, "documents">,
  problems: string[],
): RepositoryContent {
  const content = new Map<string, ChannelContent>();
  for (const [name, { signed }] of state.channels) {
    const stored = findStoredDocument(name, signed);
    const text = stored === undefined ? undefined : documents.get(toTargetPath(name, stored));
    const channel = readChannelContent(name, signed, text, problems);
    if (channel !== undefined) content.set(name, channel);
  }
  return content;
}

function compareRoot(metadata: MetadataFiles, trusted: Uint8Array): string[] {
  try {
    const root = parseRoot(trusted);
    root.verifyDelegate("root", root);
    const { version } = root.signed;
    const own = findRoots(metadata).get(version);
    if (own === undefined) return [`the trusted root is version ${version}, which the repository does not have`];
    return parseRoot(own).signed.equals(root.signed)
      ? []
      : [`its ${version}.root.json is not the trusted root: this is the repository of another project`];
  } catch (error) {
    return [`the trusted root cannot be used: ${toReason(error)}`];
  }
}

function toRoles({ root, timestamp, snapshot, targets, channels }: RepositoryState, now: Date): RoleReport[] {
  const toReport = (role: string, { signed }: OtherMetadata | Metadata<RepositoryState["root"]["signed"]>) => ({
    role,
    version: signed.version,
    expires: signed.expires,
    expired: signed.isExpired(now),
  });
  return [
    toReport("root", root),
    toReport("timestamp", timestamp),
    toReport("snapshot", snapshot),
    toReport("targets", targets),
    ...[...channels].map(([name, metadata]) => toReport(name, metadata)),
  ];
}

function checkFiles(name: string, { files }: ChannelContent, { targets }: RepositoryFacts): string[] {
  return files.flatMap((file) => {
    const path = toTargetPath(name, toStoredName(file));
    const found = targets.get(path);
    if (found === undefined) return [`${path} is missing`];
    if (found.sizeBytes !== file.sizeBytes)
      return [`${path} has ${found.sizeBytes} bytes, wanted ${file.sizeBytes}`];
    return found.sha256 === file.sha256 ? [] : [`${path} has other bytes: its SHA-256 is ${found.sha256}`];
  });
}

function checkManifests(name: string, { document, files }: ChannelContent, facts: RepositoryFacts): string[] {
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
        ...(manifest.rootHash === rootHash ? [] : [`the root hash of ${version} is not that of its manifest`]),
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
function checkChecksums(name: string, { files }: ChannelContent, { documents }: RepositoryFacts) {
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
function findForks(content: RepositoryContent): string[] {
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
function findUnnamed(state: RepositoryState, content: RepositoryContent, facts: RepositoryFacts): string[] {
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

function toChannelReport({ document, files }: ChannelContent): ChannelReport {
  return {
    name: document.name,
    id: document.id,
    versions: document.releases.map(({ version }) => version),
    files: files.length,
    sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}
