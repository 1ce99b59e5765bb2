import { createHash, generateKeyPairSync, sign } from "node:crypto";

import { type Key, Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp } from "@tufjs/models";
import { Delegations } from "@tufjs/models/dist/delegations.js";
import { DelegatedRole, Role } from "@tufjs/models/dist/role.js";

import { LEVELS } from "#definition/levels.ts";
import { type Channel, encodeChannel } from "#release/channel.ts";
import { encodeManifest, type ReleaseManifest, toSourceDate } from "#release/manifest.ts";
import { type ArtifactKind, toMatchPattern } from "#release/releaseNames.ts";
import { parseSha256, type Sha256 } from "#release/sha256.ts";

import { TUF_ROLES, type TufRole } from "./keySet.ts";
import { ISSUED_FIELD } from "./referenceTime.ts";
import type { Signer } from "./signer.ts";
import { encodeTufMetadata, signTufMetadata, toTufKey, type TufMetadata } from "./signTufMetadata.ts";

/** A repository as its owner would publish it, or as somebody with stolen keys would: every field can be said otherwise. */
export class MemoryRepository {
  /** By path below the repository: `metadata/1.root.json`, `targets/stable/…`. */
  readonly files = new Map<string, Buffer>();
  readonly id: string;
  now: Date;
  readonly keys: Record<TufRole, readonly Signer[]>;
  readonly thresholds: Record<TufRole, number>;
  readonly days: Record<TufRole, number> = { root: 365, targets: 90, snapshot: 30, timestamp: 7 };
  readonly versions: Record<TufRole, number> = { root: 0, targets: 0, snapshot: 0, timestamp: 0 };
  readonly channels = new Map<string, MemoryChannel>();

  constructor({
    id = "minimal",
    now = new Date("2026-11-22T12:00:00Z"),
    thresholds = {},
  }: MemoryOptions = {}) {
    this.id = id;
    this.now = now;
    this.thresholds = { root: 1, targets: 1, snapshot: 1, timestamp: 1, ...thresholds };
    const keysOf = (role: TufRole) => Array.from({ length: this.thresholds[role] }, createMemorySigner);
    this.keys = {
      root: keysOf("root"),
      targets: keysOf("targets"),
      snapshot: keysOf("snapshot"),
      timestamp: keysOf("timestamp"),
    };
  }

  /** With one release of each version in the channel `stable`. */
  static async create(
    versions: readonly string[] = ["1.0"],
    options: MemoryOptions = {},
  ): Promise<MemoryRepository> {
    const repository = new MemoryRepository(options);
    await repository.writeRoot();
    for (const version of versions) repository.addRelease("stable", version);
    await repository.publish();
    return repository;
  }

  /** The next version of the root; by default signed by its own keys. */
  async writeRoot(
    signers: readonly Signer[] = this.keys.root,
    changes: { version?: number; expires?: string } = {},
  ): Promise<void> {
    const name = this.versions.root + 1;
    this.versions.root = name;
    const keys = TUF_ROLES.flatMap((role) => toKeys(this.keys[role]));
    const root = new Root({
      version: name,
      expires: this.#expires("root"),
      specVersion: "1.0.31",
      consistentSnapshot: true,
      keys: Object.fromEntries(keys.map((key) => [key.keyID, key])),
      roles: Object.fromEntries(
        TUF_ROLES.map((role) => [
          role,
          new Role({ keyIDs: toIds(this.keys[role]), threshold: this.thresholds[role] }),
        ]),
      ),
      ...changes,
    });
    await this.#write(`${name}.root.json`, new Metadata(root), signers);
  }

  /** New keys for a role, in a root that the old and the new root keys sign. */
  async rotate(role: TufRole): Promise<void> {
    const before = this.keys.root;
    this.keys[role] = this.keys[role].map(createMemorySigner);
    await this.writeRoot([...new Set([...before, ...this.keys.root])]);
  }

  /** @param payload by kind; each becomes an artifact of the manifest, but for the provenance, which it cannot name */
  addRelease(
    channelName: string,
    version: string,
    payload: Partial<Record<ArtifactKind, Buffer>> = {
      uki: Buffer.from(`kernel of ${version}\n`.repeat(40)),
    },
    rootHash: Sha256 = ROOT_HASH,
  ): ReleaseManifest {
    const channel = this.#channel(channelName);
    const artifacts = Object.entries(payload).map(([kind, bytes]) => {
      const name = toMatchPattern(kind as ArtifactKind, this.id)
        .replace("@v", version)
        .replace("@u", PARTITION); // a key of payload
      this.#addTarget(channel, name, bytes, { version, kind });
      return { kind: kind as ArtifactKind, name, sizeBytes: bytes.length, sha256: digest(bytes) }; // a key of payload
    });
    const manifest = {
      ...toManifest(
        this.id,
        version,
        artifacts.filter(({ kind }) => kind !== "provenance"),
      ),
      rootHash,
    };
    const manifestName = `${this.id}_${version}.manifest.json`;
    this.#addTarget(channel, manifestName, Buffer.from(encodeManifest(manifest)), {
      version,
      kind: "manifest",
    });
    const release = { version, manifest: `${channelName}/${manifestName}`, rootHash };
    channel.document = { ...channel.document, releases: [release, ...channel.document.releases] };
    return manifest;
  }

  /** Signs everything anew, each file under its next version; the timestamp last. */
  async publish(): Promise<void> {
    for (const [name, channel] of this.channels) {
      this.#addTarget(channel, "channel.json", Buffer.from(encodeChannel(channel.document)));
      await this.writeChannel(name);
    }
    await this.writeTargets();
    await this.writeSnapshot();
    await this.writeTimestamp();
  }

  async writeChannel(
    name: string,
    changes: Changes<Targets> = {},
    signers = this.keys.targets,
  ): Promise<void> {
    const channel = this.#channel(name);
    const version = (channel.version += 1);
    const targets = new Targets({
      version,
      expires: this.#expires("targets"),
      specVersion: "1.0.31",
      targets: channel.targets,
      ...changes,
    });
    await this.#write(`${version}.${name}.json`, new Metadata(targets), signers);
  }

  async writeTargets(changes: Changes<Targets> = {}, signers = this.keys.targets): Promise<void> {
    const version = (this.versions.targets += 1);
    const keys = Object.fromEntries(toKeys(this.keys.targets).map((key) => [key.keyID, key]));
    const roles = [...this.channels.keys()].map((name) => [
      name,
      new DelegatedRole({
        name,
        keyIDs: toIds(this.keys.targets),
        threshold: this.thresholds.targets,
        terminating: true,
        paths: [`${name}/*`],
      }),
    ]);
    const delegations = new Delegations({ keys, roles: Object.fromEntries(roles) });
    const targets = new Targets({
      version,
      expires: this.#expires("targets"),
      specVersion: "1.0.31",
      delegations,
      ...changes,
    });
    await this.#write(`${version}.targets.json`, new Metadata(targets), signers);
  }

  async writeSnapshot(changes: Changes<Snapshot> = {}, signers = this.keys.snapshot): Promise<void> {
    const version = (this.versions.snapshot += 1);
    const meta = { "targets.json": this.toMeta("targets", this.versions.targets) };
    for (const [name, channel] of this.channels)
      Object.assign(meta, { [`${name}.json`]: this.toMeta(name, channel.version) });
    const snapshot = new Snapshot({
      version,
      expires: this.#expires("snapshot"),
      specVersion: "1.0.31",
      meta,
      ...changes,
    });
    await this.#write(`${snapshot.version}.snapshot.json`, new Metadata(snapshot), signers);
  }

  async writeTimestamp(
    changes: Changes<Timestamp> & { issued?: string } = {},
    signers = this.keys.timestamp,
  ): Promise<void> {
    const { issued = toTime(this.now), ...fields } = changes;
    const version = (this.versions.timestamp += 1);
    const timestamp = new Timestamp({
      version,
      expires: this.#expires("timestamp"),
      specVersion: "1.0.31",
      snapshotMeta: this.toMeta("snapshot", this.versions.snapshot),
      unrecognizedFields: { [ISSUED_FIELD]: issued },
      ...fields,
    });
    await this.#write("timestamp.json", new Metadata(timestamp), signers);
  }

  /** Version, length and digest of a file of metadata as it is now; `as` says another version of it. */
  toMeta(role: string, version: number, as = version): MetaFile {
    const bytes = this.files.get(`metadata/${version}.${role}.json`) ?? Buffer.alloc(0);
    return new MetaFile({ version: as, length: bytes.length, hashes: { sha256: digest(bytes) } });
  }

  readText(path: string): string {
    return this.files.get(path)?.toString("utf8") ?? "";
  }

  #channel(name: string): MemoryChannel {
    const known = this.channels.get(name);
    if (known !== undefined) return known;
    const document: Channel = {
      apiVersion: "socle/v1",
      kind: "Channel",
      name,
      id: this.id,
      releases: [],
      withdrawn: [],
    };
    const channel = { version: 0, document, targets: {} };
    this.channels.set(name, channel);
    return channel;
  }

  #addTarget(channel: MemoryChannel, name: string, bytes: Buffer, custom?: Record<string, string>): void {
    const path = `${channel.document.name}/${name}`;
    const sha256 = digest(bytes);
    const unrecognizedFields = custom === undefined ? {} : { custom };
    channel.targets[path] = new TargetFile({
      path,
      length: bytes.length,
      hashes: { sha256 },
      unrecognizedFields,
    });
    this.files.set(`targets/${channel.document.name}/${sha256}.${name}`, bytes);
  }

  async #write(name: string, metadata: TufMetadata, signers: readonly Signer[]): Promise<void> {
    await signTufMetadata(metadata, signers);
    this.files.set(`metadata/${name}`, Buffer.from(encodeTufMetadata(metadata)));
  }

  #expires(role: TufRole): string {
    return toTime(new Date(this.now.getTime() + this.days[role] * 86_400_000));
  }
}

interface MemoryOptions {
  readonly id?: string;
  readonly now?: Date;
  /** As many keys as the threshold. */
  readonly thresholds?: Partial<Record<TufRole, number>>;
}

interface MemoryChannel {
  version: number;
  document: Channel;
  readonly targets: Record<string, TargetFile>;
}

type Changes<Signed> = Partial<Pick<Signed, keyof Signed & ChangeableField>>;
type ChangeableField = "version" | "expires" | "meta" | "snapshotMeta" | "targets" | "delegations";

const PARTITION = "0d7a94a2-76bd-192e-d95a-9dafc2ffa0e7";
const ROOT_HASH = parseSha256("ab".repeat(32));

export function createMemorySigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return { publicKey, sign: async (data) => Promise.resolve(sign(null, data, privateKey)) };
}

export function digest(bytes: Uint8Array): Sha256 {
  return parseSha256(createHash("sha256").update(bytes).digest("hex"));
}

function toManifest(id: string, version: string, artifacts: ReleaseManifest["artifacts"]): ReleaseManifest {
  return {
    apiVersion: "socle/v1",
    kind: "ReleaseManifest",
    id,
    version,
    level: "semi",
    policies: LEVELS.semi,
    executionControl: "off",
    signing: { development: true, secureBootCertificate: ROOT_HASH },
    suite: "trixie",
    rootHash: ROOT_HASH,
    kernelVersion: "6.12.48+deb13-cloud-amd64",
    kernelCommandLine: `roothash=${ROOT_HASH}`,
    sourceDate: toSourceDate(1_790_000_000),
    definitionDigest: ROOT_HASH,
    lockDigest: ROOT_HASH,
    artifacts,
    sizes: { diskBytes: 1, espBytes: 1, rootSlotBytes: 1, veritySlotBytes: 1 },
  };
}

function toKeys(signers: readonly Signer[]): Key[] {
  return signers.map(({ publicKey }) => toTufKey(publicKey));
}

function toIds(signers: readonly Signer[]): string[] {
  return toKeys(signers).map(({ keyID }) => keyID);
}

function toTime(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
