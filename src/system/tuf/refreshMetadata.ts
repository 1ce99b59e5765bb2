import {
  type MetadataFile,
  recallSnapshot,
  recallTimestamp,
  refuseExpiredRoot,
  sharesRootKeys,
  toSnapshotFile,
  toTargetsFile,
  type Trusted,
  trustNextRoot,
  trustRoot,
  trustSnapshot,
  trustTargets,
  trustTimestamp,
} from "#trust/trustedMetadata.ts";
import type { MachineClock } from "#trust/referenceTime.ts";
import { trustChannelRole, type TrustedRole } from "#trust/trustedChannel.ts";
import { UpdateError } from "#trust/updateError.ts";

import { fetchAnnounced, fetchBytes, requirePresent } from "./fetchMetadata.ts";
import type { HttpFetcher } from "./httpFetcher.ts";
import type { UpdateState } from "./updateState.ts";
import { toShownUrl } from "./toShownUrl.ts";

/** The most that a file may have of which no other metadata say how long it is; those of tuf-js. */
const MAX_BYTES = { root: 512_000, timestamp: 16_384, snapshot: 2_000_000, targets: 5_000_000 } as const;
/** A project that renews its root each month needs 21 years for as many. */
const MAX_ROOT_ROTATIONS = 256;

/** Where metadata come from, and where they are kept. */
export interface MetadataSource {
  readonly fetcher: HttpFetcher;
  readonly state: UpdateState;
  /** Ends with a slash. */
  readonly metadataUrl: URL;
}

export interface RefreshedMetadata {
  readonly trusted: Trusted<"targets">;
  /** Files of the state folder that counted for nothing: damaged, or signed by keys that have been replaced. */
  readonly dropped: readonly string[];
}

/**
 * TUF 1.0, 5.2 to 5.6. A new root is kept at once: keys that it takes away are never trusted again. The
 * rest is kept when all of it was found good, the timestamp last: a refresh that fails leaves no trace.
 */
export async function refreshMetadata(
  source: MetadataSource,
  trustedRoot: Uint8Array,
  clock: MachineClock,
): Promise<RefreshedMetadata> {
  const dropped: string[] = [];
  const news = new Map<string, Uint8Array>();
  const image = trustRoot(trustedRoot, clock);
  const imageVersion = image.store.root.signed.version;
  try {
    const root = await walkRoots(source, image, dropped);
    const timestamp = await refreshTimestamp(source, root, news, dropped);
    const snapshot = await refreshSnapshot(source, timestamp, news);
    const trusted = await refreshTargets(source, snapshot, news);
    for (const [name, bytes] of [...news].toReversed()) await source.state.write(name, bytes);
    return { trusted, dropped };
  } catch (error) {
    throw (await findOtherProject(source, image, imageVersion, error)) ?? error;
  }
}

/** 5.3, from the image's root on: first those that were seen before, so that a mirror cannot hide one again. */
async function walkRoots(
  { fetcher, state, metadataUrl }: MetadataSource,
  image: Trusted<"root">,
  dropped: string[],
): Promise<Trusted<"root">> {
  let root = image;
  let isKnown = true;
  for (let rotations = 0; rotations < MAX_ROOT_ROTATIONS; rotations++) {
    const name = `${root.store.root.signed.version + 1}.root.json`;
    const known = isKnown ? await state.read(name) : undefined;
    const recalled = known === undefined ? undefined : attempt(() => trustNextRoot(root, known));
    if (recalled !== undefined) {
      root = recalled;
      continue;
    }
    if (known !== undefined) dropped.push(name);
    isKnown = false;
    const bytes = await fetchBytes(fetcher, new URL(name, metadataUrl), MAX_BYTES.root);
    if (bytes === undefined) return root;
    root = trustNextRoot(root, bytes);
    await state.write(name, bytes);
  }
  return root;
}

async function refreshTimestamp(
  { fetcher, state, metadataUrl }: MetadataSource,
  root: Trusted<"root">,
  news: Map<string, Uint8Array>,
  dropped: string[],
): Promise<Trusted<"timestamp">> {
  const known = await state.read("timestamp.json");
  const recalled = known === undefined ? undefined : recallTimestamp(root, known);
  if (known !== undefined && recalled === undefined) dropped.push("timestamp.json");
  refuseExpiredRoot(recalled ?? root, fetcher.serverDate());
  const url = new URL("timestamp.json", metadataUrl);
  const bytes = requirePresent(await fetchBytes(fetcher, url, MAX_BYTES.timestamp), url);
  const { trusted, isNew } = trustTimestamp(recalled ?? root, bytes, fetcher.serverDate());
  if (isNew) news.set("timestamp.json", bytes);
  return trusted;
}

async function refreshSnapshot(
  { fetcher, state, metadataUrl }: MetadataSource,
  timestamp: Trusted<"timestamp">,
  news: Map<string, Uint8Array>,
): Promise<Trusted<"snapshot">> {
  const known = await state.read("snapshot.json");
  const recalled = known === undefined ? undefined : recallSnapshot(timestamp, known);
  if (recalled !== undefined) return recalled;
  const file = toSnapshotFile(timestamp);
  const bytes = await fetchAnnounced(fetcher, new URL(file.name, metadataUrl), file, MAX_BYTES.snapshot);
  const trusted = trustSnapshot(timestamp, bytes, fetcher.serverDate());
  news.set("snapshot.json", bytes);
  return trusted;
}

async function refreshTargets(
  source: MetadataSource,
  snapshot: Trusted<"snapshot">,
  news: Map<string, Uint8Array>,
): Promise<Trusted<"targets">> {
  const { value, fetched } = await refreshRole(
    source,
    "targets",
    toTargetsFile(snapshot, "targets"),
    (bytes) => trustTargets(snapshot, bytes, source.fetcher.serverDate()),
  );
  if (fetched !== undefined) news.set("targets.json", fetched);
  return value;
}

/** 5.6.7, for one channel, whose metadata are then kept. */
export async function refreshChannel(
  source: MetadataSource,
  trusted: Trusted<"targets">,
  name: string,
): Promise<TrustedRole> {
  const { value, fetched } = await refreshRole(source, name, toTargetsFile(trusted, name), (bytes) =>
    trustChannelRole(trusted, name, bytes, source.fetcher.serverDate()),
  );
  if (fetched !== undefined) await source.state.write(`${name}.json`, fetched);
  return value;
}

/** Targets or a channel: the kept bytes when they are the ones that the snapshot names, else those of the server. */
async function refreshRole<T>(
  { fetcher, state, metadataUrl }: MetadataSource,
  role: string,
  file: MetadataFile,
  trust: (bytes: Uint8Array) => T,
): Promise<{ value: T; fetched?: Uint8Array }> {
  const kept = await state.read(`${role}.json`);
  const recalled = kept === undefined ? undefined : attempt(() => trust(kept));
  if (recalled !== undefined) return { value: recalled };
  const fetched = await fetchAnnounced(fetcher, new URL(file.name, metadataUrl), file, MAX_BYTES.targets);
  return { value: trust(fetched), fetched };
}

/**
 * Why signatures do not fit: often this is simply the repository of another project. Its root of the
 * same version tells; the answer only chooses the words of the refusal.
 */
async function findOtherProject(
  { fetcher, metadataUrl }: MetadataSource,
  image: Trusted<"root">,
  imageVersion: number,
  error: unknown,
): Promise<UpdateError | undefined> {
  if (!(error instanceof UpdateError)) return undefined;
  if (error.code !== "arbitrary-software" && error.code !== "key-rotation-broken") return undefined;
  const url = new URL(`${imageVersion}.root.json`, metadataUrl);
  const bytes = await fetchBytes(fetcher, url, MAX_BYTES.root).catch(() => undefined);
  const isOurs = bytes === undefined ? undefined : attempt(() => ({ shared: sharesRootKeys(image, bytes) }));
  if (isOurs?.shared !== false) return undefined;
  return new UpdateError(
    "other-project",
    `Refused "${toShownUrl(metadataUrl)}": it is the repository of another project, its root has other keys`,
    {
      hint: "Is the address right? Trusted are only the keys of the root that was given.",
      cause: error,
    },
  );
}

/** Undefined where it is refused. */
function attempt<T>(trust: () => T): T | undefined {
  try {
    return trust();
  } catch (error) {
    if (error instanceof UpdateError) return undefined;
    throw error;
  }
}
