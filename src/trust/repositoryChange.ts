import { toTargetPath } from "#release/channel.ts";
import type { ReleaseManifest } from "#release/manifest.ts";

import type { ChannelContent, PublishedFile, RepositoryContent } from "./repositoryContent.ts";
import { RepositoryError } from "./repositoryError.ts";

/** A release whose files were all found to be what its manifest and its checksums say. */
export interface PublishableRelease {
  readonly manifest: ReleaseManifest;
  readonly files: readonly PublishedFile[];
}

/** What the repository offers after a release was published to a channel; the same when it was there already. */
export function addRelease(
  content: RepositoryContent,
  channelName: string,
  { manifest, files }: PublishableRelease,
  now: Date,
): RepositoryContent {
  const { id, version, rootHash } = manifest;
  for (const [name, channel] of content) {
    if (name === channelName && channel.document.id !== id) {
      throw new RepositoryError(
        "other-release-id",
        `Cannot publish "${id}" to the channel "${name}": it has releases of "${channel.document.id}"`,
        { hint: "A channel is for one system: publish to another one with --channel." },
      );
    }
    if (channel.document.id === id) refuseOtherBytes(channel, version, files);
  }
  const before = content.get(channelName) ?? createChannel(channelName, id);
  const listed = before.document.releases.find((release) => release.version === version);
  const published = listed === undefined ? toSeconds(now) : listed.published;
  const manifestName = files.find(({ kind }) => kind === "manifest")?.name ?? "";
  const after: ChannelContent = {
    files: [...before.files.filter((file) => file.version !== version), ...files],
    document: {
      ...before.document,
      releases: [
        ...before.document.releases.filter((release) => release.version !== version),
        {
          version,
          manifest: toTargetPath(channelName, manifestName),
          ...(rootHash === undefined ? {} : { rootHash }),
          // One that is published again is not younger for that.
          ...(published === undefined ? {} : { published }),
        },
      ],
      withdrawn: before.document.withdrawn.filter((release) => release.version !== version),
    },
  };
  return new Map(content).set(channelName, after);
}

/** What the repository offers after a release was taken out of a channel. */
export function withdrawRelease(
  content: RepositoryContent,
  channelName: string,
  version: string,
): RepositoryContent {
  const channel = getChannel(content, channelName);
  const manifest = channel.files.find((file) => file.version === version && file.kind === "manifest");
  if (manifest === undefined) {
    const versions = channel.document.releases.map((release) => release.version).join(", ");
    throw new RepositoryError(
      "release-not-in-channel",
      `Cannot withdraw "${version}": the channel "${channelName}" has ${versions === "" ? "no release" : `only ${versions}`}`,
    );
  }
  return new Map(content).set(channelName, {
    files: channel.files.filter((file) => file.version !== version),
    document: {
      ...channel.document,
      releases: channel.document.releases.filter((release) => release.version !== version),
      withdrawn: [...channel.document.withdrawn, { version, manifestSha256: manifest.sha256 }],
    },
  });
}

export function getChannel(content: RepositoryContent, channelName: string): ChannelContent {
  const channel = content.get(channelName);
  if (channel !== undefined) return channel;
  const names = [...content.keys()].join(", ");
  throw new RepositoryError(
    "channel-unknown",
    `The repository has no channel "${channelName}"; it has ${names === "" ? "none" : names}`,
  );
}

function toSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}

function createChannel(name: string, id: string): ChannelContent {
  return {
    files: [],
    document: { apiVersion: "socle/v1", kind: "Channel", name, id, releases: [], withdrawn: [] },
  };
}

/** A version means the same bytes for ever: machines and people know a release by it. */
function refuseOtherBytes(channel: ChannelContent, version: string, files: readonly PublishedFile[]): void {
  const { name, withdrawn } = channel.document;
  const former = withdrawn.find((release) => release.version === version);
  const manifest = files.find(({ kind }) => kind === "manifest");
  if (former !== undefined && former.manifestSha256 !== manifest?.sha256) {
    refuse(
      version,
      name,
      `${manifest?.name ?? "its manifest"} differs from that of the release that was withdrawn`,
    );
  }
  const known = channel.files.filter((file) => file.version === version);
  if (known.length === 0) return;
  for (const file of files) {
    const other = known.find((entry) => entry.name === file.name);
    if (other === undefined) refuse(version, name, `"${file.name}" was not part of it`);
    if (other.sha256 !== file.sha256)
      refuse(
        version,
        name,
        `"${file.name}" is ${file.sha256.slice(0, 12)}, was ${other.sha256.slice(0, 12)}`,
      );
  }
  const gone = known.find((entry) => !files.some((file) => file.name === entry.name));
  if (gone !== undefined) refuse(version, name, `"${gone.name}" was part of it and is not any more`);
}

function refuse(version: string, channel: string, difference: string): never {
  throw new RepositoryError(
    "version-already-published",
    `Cannot publish ${version}: the channel "${channel}" had this version with other bytes: ${difference}`,
    { hint: "Give the definition a new version, build it and publish that." },
  );
}
