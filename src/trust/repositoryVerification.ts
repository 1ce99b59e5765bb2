import type { Metadata } from "@tufjs/models";

import { toTargetPath } from "#release/channel.ts";

import {
  findStoredDocument,
  readChannelContent,
  type ChannelContent,
  type RepositoryContent,
} from "./repositoryContent.ts";
import {
  checkChecksums,
  checkFiles,
  checkManifests,
  findForks,
  findUnnamed,
  type RepositoryFacts,
} from "./repositoryFindings.ts";
import { parseRoot, toReason } from "./repositoryRoots.ts";
import {
  findRoots,
  readState,
  type MetadataFiles,
  type OtherMetadata,
  type RepositoryState,
} from "./repositoryState.ts";

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
  const content =
    state === undefined ? new Map<string, ChannelContent>() : readContent(state, facts, problems);
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
    if (own === undefined)
      return [`the trusted root is version ${version}, which the repository does not have`];
    return parseRoot(own).signed.equals(root.signed)
      ? []
      : [`its ${version}.root.json is not the trusted root: this is the repository of another project`];
  } catch (error) {
    return [`the trusted root cannot be used: ${toReason(error)}`];
  }
}

function toRoles({ root, timestamp, snapshot, targets, channels }: RepositoryState, now: Date): RoleReport[] {
  const toReport = (
    role: string,
    { signed }: OtherMetadata | Metadata<RepositoryState["root"]["signed"]>,
  ) => ({
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

function toChannelReport({ document, files }: ChannelContent): ChannelReport {
  return {
    name: document.name,
    id: document.id,
    versions: document.releases.map(({ version }) => version),
    files: files.length,
    sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}
