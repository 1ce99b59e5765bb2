import { createHash } from "node:crypto";

import {
  Metadata,
  MetadataKind,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from "@tufjs/models";

import { encodeCanonicalJson } from "#release/canonicalJson.ts";

import type { TufRole } from "./keySet.ts";
import { ISSUED_FIELD, parseIssued } from "./referenceTime.ts";
import { toTargets, type RepositoryContent } from "./repositoryContent.ts";
import { RepositoryError } from "./repositoryError.ts";
import { toReason } from "./repositoryRoots.ts";
import type { OtherMetadata, RepositoryState } from "./repositoryState.ts";
import type { Signer } from "./signer.ts";
import { encodeTufMetadata, signTufMetadata } from "./signTufMetadata.ts";
import { toTufTime } from "./tufRoot.ts";

export interface SigningOptions {
  readonly now: Date;
  readonly expiryDays: Readonly<Record<TufRole, number>>;
  /** Asked only for roles that get new metadata: the keys of the others may be out of reach. */
  readonly signersOf: (role: TufRole) => Promise<readonly Signer[]>;
  /** Keys that the root before knew and the new one does not; as many as are still within reach. */
  readonly formerSignersOf: (role: TufRole) => Promise<readonly Signer[]>;
  /** Roles that get new metadata although the old ones would do. */
  readonly renewed: ReadonlySet<string>;
}

export interface SignedRepository {
  readonly state: RepositoryState;
  /** New files of `metadata/`; `timestamp.json`, which makes them count, is not among them. */
  readonly files: ReadonlyMap<string, string>;
  readonly timestamp: string;
  /** False where the root has changed and clients that know only the one before cannot read this: a key was revoked. */
  readonly readableBefore: boolean;
}

const SPECIFICATION = "1.0.31";
const DAY_MS = 86_400_000;
/** Two machines that publish need not agree to the second. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

type Delegator = Metadata<Root> | Metadata<Targets>;

/**
 * The metadata of a repository with this content. Snapshot and timestamp are always new; targets and
 * channels where they say something else than before, where fewer keys than now wanted have signed
 * them, and where they are in the last third of their life.
 */
export async function signRepository(
  previous: RepositoryState | undefined,
  root: Metadata<Root>,
  content: RepositoryContent,
  options: SigningOptions,
): Promise<SignedRepository> {
  refuseEarlierClock(previous, options.now);
  const draft: Draft = {
    previous,
    options,
    files: new Map(),
    meta: {},
    sign: createSigning(previous?.root, root, options),
  };
  const names = [...content.keys()].toSorted();
  const targets = await renewTargets(draft, {
    role: "targets",
    body: toDelegations(root, names),
    delegator: root,
  });
  const channels = new Map<string, Metadata<Targets>>();
  for (const [name, channel] of [...content].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const body = { targets: toTargets(channel) };
    channels.set(name, await renewTargets(draft, { role: name, body, delegator: targets }));
  }
  const snapshot = await signSnapshot(draft, root);
  const timestamp = await signTimestamp(draft, root, snapshot);
  return {
    state: { root, timestamp, snapshot, targets, channels },
    files: draft.files,
    timestamp: encodeTufMetadata(timestamp),
    readableBefore:
      previous === undefined ||
      [timestamp, snapshot, targets].every((metadata) =>
        isSigned(metadata, metadata.signed.type, previous.root),
      ),
  };
}

/** What has been signed so far. */
interface Draft {
  readonly previous: RepositoryState | undefined;
  readonly options: SigningOptions;
  readonly sign: ReturnType<typeof createSigning>;
  readonly files: Map<string, string>;
  /** What the snapshot will say of each file. */
  readonly meta: Record<string, object>;
}

interface TargetsWish {
  readonly role: string;
  readonly body: object;
  readonly delegator: Delegator;
}

/** The metadata there are, where they will do. */
async function renewTargets(
  draft: Draft,
  { role, body, delegator }: TargetsWish,
): Promise<Metadata<Targets>> {
  const { previous, options, files, meta } = draft;
  const file = `${role}.json`;
  const before = role === "targets" ? previous?.targets : previous?.channels.get(role);
  const known = previous?.snapshot.signed.meta[file]?.toJSON();
  if (before !== undefined && known !== undefined && isGood(before, role, body, delegator, options)) {
    meta[file] = known;
    return before;
  }
  const version = (before?.signed.version ?? 0) + 1;
  const unsigned = toUnsigned("targets", version, options, body);
  const metadata = await draft.sign(Metadata.fromJSON(MetadataKind.Targets, unsigned), role, delegator);
  const text = encodeTufMetadata(metadata);
  files.set(`${version}.${file}`, text);
  meta[file] = describe(version, text);
  return metadata;
}

async function signSnapshot(
  { previous, options, files, meta, sign }: Draft,
  root: Metadata<Root>,
): Promise<Metadata<Snapshot>> {
  const version = (previous?.snapshot.signed.version ?? 0) + 1;
  const unsigned = toUnsigned("snapshot", version, options, { meta });
  const snapshot = await sign(Metadata.fromJSON(MetadataKind.Snapshot, unsigned), "snapshot", root);
  files.set(`${version}.snapshot.json`, encodeTufMetadata(snapshot));
  return snapshot;
}

async function signTimestamp(
  { previous, options, sign }: Draft,
  root: Metadata<Root>,
  snapshot: Metadata<Snapshot>,
): Promise<Metadata<Timestamp>> {
  const version = (previous?.timestamp.signed.version ?? 0) + 1;
  const unsigned = toUnsigned("timestamp", version, options, {
    meta: { "snapshot.json": describe(snapshot.signed.version, encodeTufMetadata(snapshot)) },
    [ISSUED_FIELD]: toTufTime(options.now),
  });
  return sign(Metadata.fromJSON(MetadataKind.Timestamp, unsigned), "timestamp", root);
}

/**
 * Metadata of the top roles also get the signatures of keys that a new root has just replaced: a
 * client that has read the old root already, and one that starts while this is written, accepts them.
 */
function createSigning(
  before: Metadata<Root> | undefined,
  root: Metadata<Root>,
  { signersOf, formerSignersOf }: SigningOptions,
) {
  return async <Signed extends OtherMetadata>(metadata: Signed, role: string, delegator: Delegator) => {
    const { type } = metadata.signed;
    await signTufMetadata(metadata, await signersOf(type));
    if (before !== undefined && role === type && !isSigned(metadata, role, before))
      await signTufMetadata(metadata, await formerSignersOf(type));
    try {
      delegator.verifyDelegate(role, metadata);
    } catch (cause) {
      throw new RepositoryError(
        "too-few-signatures",
        `Cannot sign the metadata of "${role}": ${toReason(cause)}`,
        {
          cause,
          hint: `Version ${root.signed.version} of the root metadata says which keys are wanted; look at them with socle keys list.`,
        },
      );
    }
    return metadata;
  };
}

function isSigned(metadata: OtherMetadata, role: string, delegator: Delegator): boolean {
  try {
    delegator.verifyDelegate(role, metadata);
    return true;
  } catch {
    return false;
  }
}

/** Around `body`, the members that all metadata have. */
function toUnsigned(role: TufRole, version: number, { now, expiryDays }: SigningOptions, body: object) {
  const expires = toTufTime(new Date(now.getTime() + expiryDays[role] * DAY_MS));
  return {
    signatures: [],
    signed: { _type: role, spec_version: SPECIFICATION, version, expires, ...body },
  };
}

/** Each channel is a terminating delegation to the keys of the targets role, for its own folder only. */
function toDelegations(root: Metadata<Root>, names: readonly string[]): object {
  const { keyIDs = [], threshold = 1 } = root.signed.roles["targets"] ?? {};
  const keys = Object.fromEntries(keyIDs.map((id) => [id, root.signed.keys[id]?.toJSON() ?? {}]));
  const roles = names.map((name) => ({
    name,
    keyids: [...keyIDs],
    threshold,
    terminating: true,
    paths: [`${name}/*`],
  }));
  return { targets: {}, delegations: { keys, roles } };
}

function isGood(
  metadata: Metadata<Targets>,
  role: string,
  body: object,
  delegator: Delegator,
  { now, expiryDays, renewed }: SigningOptions,
): boolean {
  const { targets, delegations } = metadata.signed.toJSON();
  const isSame = encodeCanonicalJson({ targets, delegations }) === encodeCanonicalJson(body);
  const leftMs = Date.parse(metadata.signed.expires) - now.getTime();
  const isYoung = leftMs > (expiryDays.targets * DAY_MS) / 3;
  return isSame && isYoung && !renewed.has(role) && isSigned(metadata, role, delegator);
}

function describe(version: number, text: string) {
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { version, length: Buffer.byteLength(text), hashes: { sha256 } };
}

/** What is signed "earlier" than what was before would expire earlier too, and clients have seen the later time. */
function refuseEarlierClock(previous: RepositoryState | undefined, now: Date): void {
  const issued = parseIssued(previous?.timestamp.signed.unrecognizedFields[ISSUED_FIELD]);
  if (issued === undefined || now.getTime() > issued.getTime() - CLOCK_TOLERANCE_MS) return;
  throw new RepositoryError(
    "clock-behind",
    `Cannot sign metadata: the clock of this machine says ${toTufTime(now)}, the repository was last signed at ${toTufTime(issued)}`,
    { hint: "Set the clock right: timedatectl" },
  );
}
