import type { MachineClock, ReferenceTime } from "#trust/referenceTime.ts";
import { listChannels, type TrustedTarget } from "#trust/trustedChannel.ts";
import { describeTrusted, type TrustedVersions } from "#trust/trustedMetadata.ts";
import { UpdateError } from "#trust/updateError.ts";

import { fetchTarget } from "./fetchTarget.ts";
import { createHttpFetcher, type HttpFetcherOptions } from "./httpFetcher.ts";
import { readChannel, readRelease, type TrustedChannel, type TrustedRelease } from "./readRelease.ts";
import { type MetadataSource, refreshMetadata, type RefreshedMetadata } from "./refreshMetadata.ts";
import { streamRange } from "./streamRange.ts";
import { type StreamStart, streamTarget } from "./streamTarget.ts";
import { openUpdateState } from "./updateState.ts";

export interface UpdateClientOptions {
  /** The text of the image's root.json: whom to trust. Roots in the state folder are only followed from there. */
  readonly trustedRoot: string;
  /** Keeps what was trusted, so that nothing older is accepted later. */
  readonly stateFolder: string;
  /** Folders of the repository. */
  readonly metadataUrl: string;
  readonly targetsUrl: string;
  readonly clock: () => Date;
  /** The source date of the image: the clock cannot be right if it says less. */
  readonly notBefore: Date;
  /** Refuse the channels of any other system. */
  readonly id?: string;
  readonly fetch?: HttpFetcherOptions;
}

export interface UpdateClient {
  /** The whole client workflow of TUF; what it gives is the only way to anything in the repository. */
  refresh(): Promise<TrustedRepository>;
}

/** A repository whose metadata were verified, as they were at the refresh. */
export interface TrustedRepository extends TrustedVersions {
  readonly clock: ReferenceTime;
  /** Names. */
  readonly channels: readonly string[];
  /** Files of the state folder that counted for nothing: damaged, or signed by keys that have been replaced. */
  readonly dropped: readonly string[];
  readChannel(name: string): Promise<TrustedChannel>;
  readRelease(channel: TrustedChannel, version: string): Promise<TrustedRelease>;
  /** The file appears when it is whole and verified. */
  fetchArtifact(target: TrustedTarget, file: string, onProgress?: (doneBytes: number) => void): Promise<void>;
  /** Unverified until it ends without an error: see streamTarget. */
  streamArtifact(target: TrustedTarget): AsyncIterable<Uint8Array>;
  /** A part of it, never verified: see streamRange. */
  streamRange(target: TrustedTarget, offsetBytes: number, sizeBytes: number): AsyncIterable<Uint8Array>;
}

export function openUpdateClient(options: UpdateClientOptions): UpdateClient {
  const source: MetadataSource = {
    fetcher: createHttpFetcher(options.fetch),
    state: openUpdateState(options.stateFolder),
    metadataUrl: toFolderUrl(options.metadataUrl),
  };
  const targetsUrl = toFolderUrl(options.targetsUrl);
  return {
    refresh: async () => {
      const clock: MachineClock = { system: options.clock(), notBefore: options.notBefore };
      const refreshed = await refreshMetadata(source, Buffer.from(options.trustedRoot), clock);
      return openRepository(source, refreshed, targetsUrl, options.id);
    },
  };
}

function openRepository(
  source: MetadataSource,
  { trusted, dropped }: RefreshedMetadata,
  targetsUrl: URL,
  id: string | undefined,
): TrustedRepository {
  const stream = (target: TrustedTarget, start?: StreamStart) =>
    streamTarget(source.fetcher, toTargetUrl(targetsUrl, target), target, start);
  return {
    ...describeTrusted(trusted),
    clock: trusted.time,
    channels: listChannels(trusted),
    dropped,
    readChannel: async (name) => readChannel(source, trusted, { name, id }, stream),
    readRelease: async (channel, version) => readRelease(channel, version, stream),
    fetchArtifact: async (target, file, onProgress) =>
      fetchTarget((start) => stream(target, start), target, file, onProgress),
    streamArtifact: (target) => stream(target),
    streamRange: (target, offsetBytes, sizeBytes) =>
      streamRange(source.fetcher, toTargetUrl(targetsUrl, target), target, { offsetBytes, sizeBytes }),
  };
}

function toFolderUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new UpdateError(
      "server-unreachable",
      `Cannot fetch from "${text}": an address that begins with http:// or https:// is wanted`,
    );
  }
  // It would end up in errors and logs, and in the arguments of a command.
  if (url.username !== "" || url.password !== "")
    throw new UpdateError("server-unreachable", "Cannot fetch from an address with a password in it");
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** Consistent snapshots: the digest is part of the name. */
function toTargetUrl(folder: URL, { path, name, sha256 }: TrustedTarget): URL {
  const parents = path.split("/").slice(0, -1);
  return new URL([...parents, `${sha256}.${name}`].map(encodeURIComponent).join("/"), folder);
}
