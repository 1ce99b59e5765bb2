import { join } from "node:path";

import { reportStep, type Report } from "#progress/events.ts";
import type { KeySet } from "#trust/keySet.ts";
import { toStoredName, type ChannelContent, type RepositoryContent } from "#trust/repositoryContent.ts";
import { RepositoryError } from "#trust/repositoryError.ts";
import { followRoots, planRoots, type RootFiles } from "#trust/repositoryRoots.ts";
import { signRepository, type SigningOptions } from "#trust/repositorySigning.ts";
import { findRoots, type RepositoryState } from "#trust/repositoryState.ts";

import { commitRepository } from "./commitRepository.ts";
import { withFileLock } from "./fileLock.ts";
import { placeFile, type FileToPlace, type Placement } from "./placeFile.ts";
import { readRepository, refuseNoRepository } from "./readRepository.ts";
import { repositoryDisk, type RepositoryDisk } from "./repositoryDisk.ts";
import {
  METADATA_FOLDER,
  pruneRepository,
  readMetadataFiles,
  refuseOtherFolder,
  TARGETS_FOLDER,
} from "./repositoryFolder.ts";

/** What a key folder gives for signing. */
export interface RepositoryKeys extends Pick<SigningOptions, "signersOf" | "formerSignersOf"> {
  readonly expiryDays: KeySet["expiryDays"];
  /** All versions of the root metadata, from 1. */
  readonly roots: RootFiles;
}

export interface RepositorySurroundings {
  readonly folder: string;
  readonly keys: RepositoryKeys;
  /** Asked when it is this change's turn. */
  readonly now: () => Date;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
  readonly disk?: RepositoryDisk;
}

export interface RepositoryChange {
  readonly content: RepositoryContent;
  /** Roles that get new metadata although the old ones would do. */
  readonly renewed: readonly string[];
  /** Files that the channel of this name needs. */
  readonly place?: { readonly channel: string; readonly files: readonly FileToPlace[] };
  /** Files below `targets/` that go when nobody is told of them any more. */
  readonly remove?: readonly string[];
}

export interface ChangedRepository {
  readonly state: RepositoryState;
  readonly content: RepositoryContent;
  /** By the name of the file. */
  readonly placed: ReadonlyMap<string, Placement>;
}

/**
 * Reads the repository, asks what it should become, and makes it so. One at a time; stopped anywhere,
 * clients see what was before or what was to be, and the next change makes up for the rest.
 * @param plan gets what the repository offers now; what it throws leaves the repository as it is
 */
export async function changeRepository(
  surroundings: RepositorySurroundings,
  plan: (content: RepositoryContent, folder: string) => RepositoryChange | Promise<RepositoryChange>,
  { create = false } = {},
): Promise<ChangedRepository> {
  const { folder, keys, report, signal, disk = repositoryDisk } = surroundings;
  await refuseOtherFolder(folder);
  if (!create && (await readMetadataFiles(folder)).size === 0) refuseNoRepository(folder);
  const onWait = () =>
    report({ kind: "note", level: "info", message: "waiting for another publish to this repository" });

  return withFileLock(
    join(folder, ".lock"),
    async () => {
      const now = surroundings.now();
      const metadata = await readMetadataFiles(folder);
      const roots = planRoots(findRoots(metadata), keys.roots);
      const root = followKeyRoots(keys.roots, now);
      const { previous, content } = await readRepository(folder, metadata, keys.roots, create);
      const change = await plan(content, folder);

      // Before anything is written: a key may be out of reach, or want a passphrase.
      const signed = await reportStep(report, "sign", async () => ({
        value: await signRepository(previous, root, change.content, {
          ...keys,
          now,
          renewed: new Set(change.renewed),
        }),
      }));
      if (!signed.readableBefore) {
        report({
          kind: "note",
          level: "warning",
          message:
            "the keys have changed and the former ones are out of reach: a client that reads just now refuses once, and reads again",
        });
      }
      for (const name of change.content.keys()) await disk.makeFolder(join(folder, TARGETS_FOLDER, name));
      await disk.makeFolder(join(folder, METADATA_FOLDER));
      const placed = await placeFiles(disk, folder, change.place, report, signal);
      signal?.throwIfAborted();
      await reportStep(report, "write", async () => {
        await commitRepository(disk, folder, { signed, content: change.content, roots });
        return { value: undefined };
      });
      await tidy(disk, surroundings, [previous, signed.state], change.remove ?? []);
      return { state: signed.state, content: change.content, placed };
    },
    { signal, onWait },
  );
}

/** Files of a channel's folder that its signed metadata do not name. */
export function listUnnamed(channel: ChannelContent, names: readonly string[]): string[] {
  const named = new Set(channel.files.map(toStoredName));
  return names.filter((name) => !named.has(name));
}

async function placeFiles(
  disk: RepositoryDisk,
  folder: string,
  place: RepositoryChange["place"],
  report: Report,
  signal: AbortSignal | undefined,
): Promise<Map<string, Placement>> {
  const placed = new Map<string, Placement>();
  if (place === undefined) return placed;
  const step = "copy";
  const total = place.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return reportStep(report, step, async () => {
    let done = 0;
    for (const file of place.files) {
      let own = 0;
      const onBytes = (count: number) => {
        own += count;
        report({ kind: "step-progress", step, done: done + own, total, unit: "bytes", detail: file.name });
      };
      placed.set(file.name, await placeFile(disk, folder, place.channel, file, { signal, onBytes }));
      done += file.sizeBytes;
    }
    const copied = [...placed.values()].filter((how) => how === "copied").length;
    return { value: placed, cached: copied === 0, detail: `${copied} of ${placed.size} files` };
  });
}

/** What could not be removed is no reason to say that nothing was published. */
async function tidy(
  disk: RepositoryDisk,
  { folder, report }: RepositorySurroundings,
  states: readonly (RepositoryState | undefined)[],
  remove: readonly string[],
): Promise<void> {
  try {
    await pruneRepository(disk, folder, states);
    for (const path of remove) await disk.remove(join(folder, TARGETS_FOLDER, path));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    report({ kind: "note", level: "warning", message: `former files could not be removed: ${why}` });
  }
}

function followKeyRoots(roots: RootFiles, now: Date) {
  const problems: string[] = [];
  const root = followRoots(roots, problems).at(-1);
  if (root === undefined || problems.length > 0) {
    throw new RepositoryError(
      "repository-broken",
      `Cannot use the root metadata of the key folder: ${problems.join("; ")}`,
    );
  }
  if (root.signed.isExpired(now)) {
    throw new RepositoryError(
      "root-expired",
      `Cannot publish with these keys: version ${root.signed.version} of their root metadata expired at ${root.signed.expires}`,
      { hint: "Sign it anew where the root keys are: socle keys renew" },
    );
  }
  return root;
}
