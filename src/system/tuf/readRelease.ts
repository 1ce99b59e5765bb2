import { CHANNEL_DOCUMENT_NAME, type Channel, isChannelName, parseChannel } from "#release/channel.ts";
import { parseManifest, type ReleaseManifest } from "#release/manifest.ts";
import { ReleaseError } from "#release/releaseError.ts";
import {
  findTarget,
  listChannels,
  listTargets,
  toUnknownChannel,
  type TrustedRole,
  type TrustedTarget,
} from "#trust/trustedChannel.ts";
import type { Trusted } from "#trust/trustedMetadata.ts";
import { UpdateError } from "#trust/updateError.ts";

import { type MetadataSource, refreshChannel } from "./refreshMetadata.ts";

export interface TrustedChannel {
  readonly document: Channel;
  readonly role: TrustedRole;
}

export interface TrustedRelease {
  readonly channel: string;
  readonly manifest: ReleaseManifest;
  /** Every file of the release but SHA256SUMS, sorted by name: artifacts, manifest, provenance. */
  readonly files: readonly TrustedTarget[];
}

/** A channel's document or a manifest, which are read into memory. */
const MAX_DOCUMENT_BYTES = 4 << 20;

type OpenStream = (target: TrustedTarget) => AsyncIterable<Uint8Array>;

/** @param id refuse the channels of any other system */
export async function readChannel(
  source: MetadataSource,
  trusted: Trusted<"targets">,
  { name, id }: { readonly name: string; readonly id: string | undefined },
  stream: OpenStream,
): Promise<TrustedChannel> {
  if (!isChannelName(name) || !listChannels(trusted).includes(name))
    throw new UpdateError("channel-unknown", toUnknownChannel(trusted, name));
  const role = await refreshChannel(source, trusted, name);
  const document = await readDocument(role, CHANNEL_DOCUMENT_NAME, stream, parseChannel);
  if (document.name !== name)
    throw new UpdateError(
      "mix-and-match",
      `Refused the channel "${name}": its document is that of "${document.name}"`,
    );
  if (id !== undefined && document.id !== id)
    throw new UpdateError(
      "other-project",
      `Refused the channel "${name}": it is for "${document.id}", not for "${id}"`,
    );
  return { document, role };
}

/** What the manifest names must be what the channel was signed for, byte for byte. */
export async function readRelease(
  { document, role }: TrustedChannel,
  version: string,
  stream: OpenStream,
): Promise<TrustedRelease> {
  const listed = document.releases.find((release) => release.version === version);
  if (listed === undefined) {
    const versions = document.releases.map((release) => release.version).join(", ");
    throw new UpdateError(
      "version-unknown",
      `Cannot find version "${version}": the channel "${document.name}" has ${versions || "none"}`,
    );
  }
  const manifestName = listed.manifest.slice(document.name.length + 1); // parseChannel: begins with the channel's folder
  const manifest = await readDocument(role, manifestName, stream, parseManifest);
  if (manifest.id !== document.id || manifest.version !== version || manifest.rootHash !== listed.rootHash) {
    refuseRelease(
      version,
      `its manifest is that of ${manifest.id} ${manifest.version}, or has another root hash than the channel`,
    );
  }
  const artifacts = manifest.artifacts.map(({ name, sizeBytes, sha256 }) => {
    const target = findTarget(role, name);
    if (target === undefined)
      refuseRelease(version, `its manifest names "${name}", which the channel does not have`);
    if (target.sha256 !== sha256 || target.sizeBytes !== sizeBytes)
      refuseRelease(version, `its manifest and the channel say different things of "${name}"`);
    return target;
  });
  // The manifest cannot name itself, nor the provenance, which is about the manifest.
  const others = listTargets(role).filter(
    ({ kind, version: of, name }) => of === version && (kind === "provenance" || name === manifestName),
  );
  const files = [...artifacts, ...others].toSorted((a, b) =>
    a.name < b.name ? -1 : Number(a.name > b.name),
  );
  return { channel: document.name, manifest, files };
}

async function readDocument<T>(
  role: TrustedRole,
  name: string,
  stream: OpenStream,
  parse: (text: string) => T,
): Promise<T> {
  const target = findTarget(role, name);
  const path = `${role.name}/${name}`;
  if (target === undefined)
    throw new UpdateError("release-inconsistent", `Refused the channel "${role.name}": it has no "${path}"`);
  if (target.sizeBytes > MAX_DOCUMENT_BYTES)
    throw new UpdateError(
      "endless-data",
      `Refused "${path}": ${target.sizeBytes} bytes are too many for a document`,
    );
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream(target)) chunks.push(chunk);
  try {
    return parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    // A release for a later Socle is no attack.
    if (!(cause instanceof ReleaseError) || cause.code === "manifest-unsupported") throw cause;
    throw new UpdateError(
      "release-inconsistent",
      `Refused "${path}": it cannot be read, though it is signed`,
      { cause },
    );
  }
}

function refuseRelease(version: string, reason: string): never {
  throw new UpdateError("release-inconsistent", `Refused release ${version}: ${reason}`);
}
