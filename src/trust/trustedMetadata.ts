/**
 * The client workflow of TUF 1.0 (section 5) as values: each step takes what the one before it gave,
 * so that none can be left out. The judging is tuf-js's own (its TrustedMetadataStore); here is which
 * attack a refusal means. Not here: files, network, repositories without consistent snapshots,
 * delegations below a channel. docs/decisions/0009-tuf-js-without-its-updater.md
 */
import { Metadata, MetadataKind } from "@tufjs/models";
import { BadVersionError, EqualVersionError } from "tuf-js/dist/error.js";
import { TrustedMetadataStore } from "tuf-js/dist/store.js";

import { decode, readHeader, toExpired, toMessage, toRefusal } from "./metadataRefusal.ts";
import {
  ISSUED_FIELD,
  type MachineClock,
  parseIssued,
  type ReferenceTime,
  toReferenceTime,
} from "./referenceTime.ts";
import { UpdateError } from "./updateError.ts";

type Step = "root" | "timestamp" | "snapshot" | "targets";

/** How far the workflow has come. */
export interface Trusted<Reached extends Step> {
  readonly reached: Reached;
  readonly store: TrustedMetadataStore;
  readonly machine: MachineClock;
  readonly time: ReferenceTime;
}

/** 5.2: the root that came with the image. It may have expired: newer ones are looked for. */
export function trustRoot(bytes: Uint8Array, machine: MachineClock): Trusted<"root"> {
  try {
    const store = new TrustedMetadataStore(Buffer.from(bytes));
    return at({ reached: "root", store, machine }, undefined);
  } catch (cause) {
    throw new UpdateError("trusted-root-malformed", `Cannot trust this root: ${toMessage(cause)}`, {
      hint: "It must be a project's root metadata: N.root.json, signed by its own keys.",
      cause,
    });
  }
}

/** 5.3: the next version of the root, signed by the keys of the one before and by its own. */
export function trustNextRoot(trusted: Trusted<"root">, bytes: Uint8Array): Trusted<"root"> {
  const known = trusted.store.root.signed.version;
  const { version } = readHeader(bytes, "root");
  if (version !== known + 1) {
    const code = version <= known ? "rollback-attack" : "key-rotation-broken";
    throw new UpdateError(
      code,
      `Refused ${known + 1}.root.json: it is version ${version}, after ${known} comes ${known + 1}`,
    );
  }
  try {
    trusted.store.updateRoot(Buffer.from(bytes));
    return trusted;
  } catch (error) {
    throw toRefusal(`root metadata ${version}`, error, { unsigned: "key-rotation-broken" });
  }
}

/**
 * What was trusted at an earlier refresh: it sets a lower bound to versions and to the time. False
 * when it is damaged or signed by keys that have been replaced since (5.3.11): then it counts for nothing.
 */
export function recallTimestamp(trusted: Trusted<"root">, bytes: Uint8Array): Trusted<"root"> | undefined {
  const { store } = trusted;
  let issued: Date | undefined;
  try {
    const known = Metadata.fromJSON(MetadataKind.Timestamp, JSON.parse(decode(bytes)));
    store.root.verifyDelegate(MetadataKind.Timestamp, known);
    issued = parseIssued(known.signed.unrecognizedFields?.[ISSUED_FIELD]);
  } catch {
    return undefined;
  }
  const recalled = at(trusted, issued);
  try {
    store.updateTimestamp(Buffer.from(bytes));
  } catch {
    // It may have expired since: tuf-js remembers it for the comparison of versions all the same.
  }
  return recalled;
}

/** 5.4. `isNew` is false for the version that was known: then the known bytes stay. */
export function trustTimestamp(
  trusted: Trusted<"root">,
  bytes: Uint8Array,
  server?: Date,
): { trusted: Trusted<"timestamp">; isNew: boolean } {
  const { store, time } = trusted;
  refuseExpiredRoot(trusted, server);
  readHeader(bytes, "timestamp");
  let isNew = true;
  try {
    store.updateTimestamp(Buffer.from(bytes));
  } catch (error) {
    if (!(error instanceof EqualVersionError)) throw toRefusal("timestamp metadata", error, { time, server });
    isNew = false;
  }
  const { timestamp } = store;
  const issued = parseIssued(timestamp?.signed.unrecognizedFields?.[ISSUED_FIELD]);
  const reached = at({ ...trusted, reached: "timestamp" as const }, issued);
  if (timestamp?.signed.isExpired(reached.time.used) !== false)
    throw toExpired(
      `timestamp metadata ${timestamp?.signed.version}`,
      timestamp?.signed.expires,
      reached.time,
      server,
    );
  return { trusted: reached, isNew };
}

/** What the timestamp metadata says of the snapshot metadata. */
export function toSnapshotFile({ store }: Trusted<"timestamp">): MetadataFile {
  const { version, length } = present(store.timestamp).signed.snapshotMeta;
  return { name: `${version}.snapshot.json`, version, sizeBytes: length };
}

/** A snapshot kept from an earlier refresh: whole when it is the current one, undefined when it only bounds versions. */
export function recallSnapshot(
  trusted: Trusted<"timestamp">,
  bytes: Uint8Array,
): Trusted<"snapshot"> | undefined {
  try {
    trusted.store.updateSnapshot(Buffer.from(bytes), true);
    return { ...trusted, reached: "snapshot" };
  } catch {
    return undefined; // older, expired or damaged: the current one is fetched
  }
}

/** 5.5 */
export function trustSnapshot(
  trusted: Trusted<"timestamp">,
  bytes: Uint8Array,
  server?: Date,
): Trusted<"snapshot"> {
  const { store, time } = trusted;
  const wanted = toSnapshotFile(trusted);
  try {
    present(store.timestamp).signed.snapshotMeta.verify(Buffer.from(bytes));
    const { version } = readHeader(bytes, "snapshot");
    if (version !== wanted.version)
      throw new BadVersionError(`it is version ${version}, the timestamp metadata names ${wanted.version}`);
  } catch (error) {
    throw toRefusal("snapshot metadata", error, { version: "mix-and-match" });
  }
  try {
    store.updateSnapshot(Buffer.from(bytes));
  } catch (error) {
    // A file that was in the snapshot before has gone from it: 5.5.5 counts it among the rollbacks.
    throw toRefusal(`snapshot metadata ${wanted.version}`, error, {
      missing: "rollback-attack",
      time,
      server,
    });
  }
  return { ...trusted, reached: "snapshot" };
}

/** What the snapshot metadata says of the metadata of targets, or of a channel. */
export function toTargetsFile({ store }: Trusted<"snapshot" | "targets">, role: string): MetadataFile {
  const file = `${role}.json`;
  const { meta } = present(store.snapshot).signed;
  const named = Object.hasOwn(meta, file) ? meta[file] : undefined;
  if (named === undefined)
    throw new UpdateError(
      "mix-and-match",
      `Refused the ${role} metadata: the snapshot metadata does not name it`,
    );
  return {
    name: `${named.version}.${encodeURIComponent(role)}.json`,
    version: named.version,
    sizeBytes: named.length,
  };
}

/** 5.6 */
export function trustTargets(
  trusted: Trusted<"snapshot">,
  bytes: Uint8Array,
  server?: Date,
): Trusted<"targets"> {
  updateTargets(trusted, bytes, { role: "targets", delegator: "root" }, server);
  return { ...trusted, reached: "targets" };
}

/** A file of metadata as the metadata above it announces it. */
export interface MetadataFile {
  readonly name: string;
  readonly version: number;
  readonly sizeBytes: number | undefined;
}

/** What a person or a program wants to know of a finished refresh. */
export interface TrustedVersions {
  readonly rootVersion: number;
  readonly timestampVersion: number;
  readonly snapshotVersion: number;
  readonly targetsVersion: number;
  /** RFC 3339, as they are in the metadata. */
  readonly expires: Readonly<Record<Step, string>>;
}

export function describeTrusted({ store }: Trusted<"targets">): TrustedVersions {
  const { signed: root } = store.root;
  const { signed: timestamp } = present(store.timestamp);
  const { signed: snapshot } = present(store.snapshot);
  const { signed: targets } = present(store.targets);
  return {
    rootVersion: root.version,
    timestampVersion: timestamp.version,
    snapshotVersion: snapshot.version,
    targetsVersion: targets.version,
    expires: {
      root: root.expires,
      timestamp: timestamp.expires,
      snapshot: snapshot.expires,
      targets: targets.expires,
    },
  };
}

/** Whether two roots have a key of the root role in common: if not, they are two projects'. */
export function sharesRootKeys({ store }: Trusted<"root">, bytes: Uint8Array): boolean {
  const other = new TrustedMetadataStore(Buffer.from(bytes));
  const keysOf = ({ root }: TrustedMetadataStore) => root.signed.roles["root"]?.keyIDs ?? [];
  return keysOf(other).some((id) => keysOf(store).includes(id));
}

export function refuseExpiredRoot({ store, time }: Trusted<"root">, server?: Date): void {
  const { version, expires } = store.root.signed;
  if (!store.root.signed.isExpired(time.used)) return;
  throw toExpired(`root metadata ${version}, the newest there is,`, expires, time, server, "root-expired");
}

/** tuf-js keeps the role by its name. */
export function updateTargets(
  { store, time }: Trusted<"snapshot" | "targets">,
  bytes: Uint8Array,
  { role, delegator }: { role: string; delegator: string },
  server: Date | undefined,
): void {
  try {
    const { meta } = present(store.snapshot).signed;
    meta[`${role}.json`]?.verify(Buffer.from(bytes));
    readHeader(bytes, "targets");
    store.updateDelegatedTargets(Buffer.from(bytes), role, delegator);
  } catch (error) {
    throw toRefusal(`${role} metadata`, error, {
      version: "mix-and-match",
      missing: "mix-and-match",
      time,
      server,
    });
  }
}

/** tuf-js reads the clock itself; this is the only place that knows, and a test holds it. */
function at<Reached extends Step>(
  trusted: Omit<Trusted<Reached>, "time">,
  issued: Date | undefined,
): Trusted<Reached> {
  const time = toReferenceTime(trusted.machine, issued);
  trusted.store["referenceTime"] = time.used;
  return { ...trusted, time };
}

/** The steps reached so far have set it: a defect otherwise, not bad input. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("this step of the workflow has not been reached");
  return value;
}
