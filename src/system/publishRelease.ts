import { join } from "node:path";

import type { ReleaseManifest } from "#release/manifest.ts";
import { findArtifactKind } from "#release/releaseFiles.ts";
import { addRelease, getChannel, withdrawRelease } from "#trust/repositoryChange.ts";
import { RepositoryError } from "#trust/repositoryError.ts";
import { toStoredName } from "#trust/repositoryContent.ts";

import {
  changeRepository,
  listUnnamed,
  type ChangedRepository,
  type RepositorySurroundings,
} from "./changeRepository.ts";
import { listFolder } from "./files.ts";
import type { FileToPlace } from "./placeFile.ts";
import { readRelease } from "./readRelease.ts";
import { TARGETS_FOLDER } from "./repositoryFolder.ts";

export interface ReleaseToPublish {
  readonly folder: string;
  readonly manifest: ReleaseManifest;
}

export interface PublishPlan {
  readonly files: readonly FileToPlace[];
  /** Names of files that the channel's folder has already. */
  readonly present: ReadonlySet<string>;
  /** Whether the channel lists this release already. */
  readonly published: boolean;
}

export interface PublishOptions {
  readonly release: ReleaseToPublish;
  readonly channel: string;
  /** Called before anything is written; false stops here. */
  readonly onPlan?: (plan: PublishPlan) => boolean;
}

/** Undefined where `onPlan` stopped it. */
export async function publishRelease(
  surroundings: RepositorySurroundings,
  { release, channel, onPlan = () => true }: PublishOptions,
): Promise<ChangedRepository | undefined> {
  const { manifest, folder } = release;
  const found = await readRelease(release, surroundings.report, surroundings.signal);
  const files = found.map((file) => ({
    ...file,
    version: manifest.version,
    source: join(folder, file.name),
  }));
  const stopped = new Error("stopped at the plan");
  try {
    return await changeRepository(
      surroundings,
      async (content, repository) => {
        const published = files.map(({ source: _source, ...file }) => file);
        const after = addRelease(content, channel, { manifest, files: published }, surroundings.now());
        const names = new Set(await listFolder(join(repository, TARGETS_FOLDER, channel)));
        const present = new Set(
          files.filter((file) => names.has(toStoredName(file))).map(({ name }) => name),
        );
        const isListed = content
          .get(channel)
          ?.document.releases.some(({ version }) => version === manifest.version);
        if (!onPlan({ files, present, published: isListed === true })) throw stopped;
        return { content: after, renewed: ["targets", channel], place: { channel, files } };
      },
      { create: true },
    );
  } catch (error) {
    if (error === stopped) return undefined;
    throw error;
  }
}

/** New timestamp and snapshot metadata, and of the other roles those that are in the last third of their life. */
export async function renewRepository(surroundings: RepositorySurroundings): Promise<ChangedRepository> {
  return changeRepository(surroundings, (content) => ({ content, renewed: [] }));
}

export interface WithdrawOptions {
  readonly channel: string;
  readonly version: string;
  /** Its files too. */
  readonly delete: boolean;
}

export interface Withdrawal extends ChangedRepository {
  /** Names of files in the channel's folder. */
  readonly deleted: readonly string[];
}

export async function withdraw(
  surroundings: RepositorySurroundings,
  { channel, version, delete: isDeletion }: WithdrawOptions,
): Promise<Withdrawal> {
  let deleted: string[] = [];
  const changed = await changeRepository(surroundings, async (content, folder) => {
    const { document } = getChannel(content, channel);
    const isDone = document.withdrawn.some((release) => release.version === version);
    if (isDone && !isDeletion) {
      throw new RepositoryError(
        "release-not-in-channel",
        `"${version}" was withdrawn from the channel "${channel}" already`,
        { hint: "Delete its files with --delete." },
      );
    }
    const after = isDone ? content : withdrawRelease(content, channel, version);
    if (isDeletion) {
      const names = listUnnamed(
        getChannel(after, channel),
        await listFolder(join(folder, TARGETS_FOLDER, channel)),
      );
      const release = { id: document.id, version };
      deleted = names.filter(
        (name) => findArtifactKind(name.replace(/^[0-9a-f]{64}\./, ""), release) !== undefined,
      );
    }
    return { content: after, renewed: [], remove: deleted.map((name) => `${channel}/${name}`) };
  });
  return { ...changed, deleted };
}
