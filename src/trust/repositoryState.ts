import {
  Metadata,
  MetadataKind,
  type MetaFile,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from "@tufjs/models";

import { isChannelName } from "#release/channel.ts";

import { followRoots, parseJson, toReason, type RootFiles } from "./repositoryRoots.ts";

/** The files of `metadata/`, by name. */
export type MetadataFiles = ReadonlyMap<string, Uint8Array>;

/** The metadata of a repository that clients see: all of it signed by the keys that its root names. */
export interface RepositoryState {
  readonly root: Metadata<Root>;
  readonly timestamp: Metadata<Timestamp>;
  readonly snapshot: Metadata<Snapshot>;
  readonly targets: Metadata<Targets>;
  /** The delegated roles, by name. */
  readonly channels: ReadonlyMap<string, Metadata<Targets>>;
}

/** Signed metadata that is no root: in TUF's words, of the other three kinds. */
export type OtherMetadata = Metadata<Timestamp> | Metadata<Snapshot> | Metadata<Targets>;

export function findRoots(files: MetadataFiles): RootFiles {
  const roots = new Map<number, Uint8Array>();
  for (const [name, bytes] of files) {
    const version = /^([1-9]\d{0,8})\.root\.json$/.exec(name)?.[1];
    if (version !== undefined) roots.set(Number(version), bytes);
  }
  return roots;
}

/** Every problem is added to `problems`; expiry is not looked at. The newest root decides who may sign. */
export function readState(files: MetadataFiles, problems: string[]): RepositoryState | undefined {
  const root = followRoots(findRoots(files), problems).at(-1);
  return root === undefined ? undefined : readStateUnder(root, files, problems);
}

/** The same under a root that is trusted already. */
export function readStateUnder(
  root: Metadata<Root>,
  files: MetadataFiles,
  problems: string[],
): RepositoryState | undefined {
  const attempt = <T>(name: string, read: (bytes: Uint8Array) => T): T | undefined => {
    const bytes = files.get(name);
    try {
      if (bytes !== undefined) return read(bytes);
      problems.push(`${name} is missing`);
    } catch (error) {
      problems.push(`${name} cannot be trusted: ${toReason(error)}`);
    }
    return undefined;
  };

  const timestamp = attempt("timestamp.json", (bytes) => {
    const metadata = Metadata.fromJSON(MetadataKind.Timestamp, parseJson(bytes));
    root.verifyDelegate("timestamp", metadata);
    return metadata;
  });
  if (timestamp === undefined) return undefined;

  const { snapshotMeta } = timestamp.signed;
  const snapshot = attempt(`${snapshotMeta.version}.snapshot.json`, (bytes) => {
    snapshotMeta.verify(Buffer.from(bytes));
    const metadata = Metadata.fromJSON(MetadataKind.Snapshot, parseJson(bytes));
    root.verifyDelegate("snapshot", metadata);
    verifyVersion(metadata, snapshotMeta);
    return metadata;
  });
  if (snapshot === undefined) return undefined;

  const readTargets = (role: string, delegator: Metadata<Root> | Metadata<Targets>) => {
    const meta = snapshot.signed.meta[`${role}.json`];
    if (meta === undefined) {
      problems.push(`${snapshotMeta.version}.snapshot.json does not name ${role}.json`);
      return undefined;
    }
    return attempt(`${meta.version}.${role}.json`, (bytes) => {
      meta.verify(Buffer.from(bytes));
      const metadata = Metadata.fromJSON(MetadataKind.Targets, parseJson(bytes));
      delegator.verifyDelegate(role, metadata);
      verifyVersion(metadata, meta);
      return metadata;
    });
  };
  const targets = readTargets("targets", root);
  if (targets === undefined) return undefined;

  const channels = new Map<string, Metadata<Targets>>();
  for (const [name, delegation] of Object.entries(targets.signed.delegations?.roles ?? {})) {
    if (!isChannelName(name) || !delegation.terminating || delegation.paths?.join() !== `${name}/*`) {
      problems.push(`targets.json delegates to "${name}" in a form that is not a channel's`);
      continue;
    }
    const channel = readTargets(name, targets);
    if (channel !== undefined) channels.set(name, channel);
  }
  for (const file of Object.keys(snapshot.signed.meta)) {
    const role = file.replace(/\.json$/, "");
    if (role !== "targets" && targets.signed.delegations?.roles?.[role] === undefined)
      problems.push(`${snapshotMeta.version}.snapshot.json names ${file}, which nothing delegates to`);
  }
  return { root, timestamp, snapshot, targets, channels };
}

/** The names of the versioned files in `metadata/` that clients of this state ask for. */
export function listStateFiles({ timestamp, snapshot }: RepositoryState): string[] {
  const targets = Object.entries(snapshot.signed.meta).map(([file, { version }]) => `${version}.${file}`);
  return [`${timestamp.signed.snapshotMeta.version}.snapshot.json`, ...targets];
}

function verifyVersion(metadata: Metadata<Snapshot> | Metadata<Targets>, wanted: MetaFile): void {
  const { version } = metadata.signed;
  if (version !== wanted.version)
    throw new Error(`it is version ${version}, wanted version ${wanted.version}`);
}
