import { RepositoryError } from "#trust/repositoryError.ts";
import type { RepositoryContent } from "#trust/repositoryContent.ts";
import { followRoots, type RootFiles } from "#trust/repositoryRoots.ts";
import {
  findRoots,
  readStateUnder,
  type MetadataFiles,
  type RepositoryState,
} from "#trust/repositoryState.ts";
import { readContent } from "#trust/repositoryVerification.ts";

import { readChannelDocuments } from "./repositoryFolder.ts";

/**
 * What is there must hold together before it is signed again. It may be signed by the keys of the
 * repository's newest root, or already by those of a newer one that a stopped publish had no time to write.
 */
export async function readRepository(
  folder: string,
  metadata: MetadataFiles,
  keyRoots: RootFiles,
  create: boolean,
): Promise<{ previous: RepositoryState | undefined; content: RepositoryContent }> {
  if (!metadata.has("timestamp.json")) {
    const later = [...metadata.keys()].find(
      (name) => /^\d+\.(?!root\.)/.test(name) && !name.startsWith("1."),
    );
    if (later !== undefined) refuseBroken(folder, [`timestamp.json is missing, but there is ${later}`]);
    if (!create) refuseNoRepository(folder);
    return { previous: undefined, content: new Map() };
  }
  const own = Math.max(...findRoots(metadata).keys());
  const chain = followRoots(keyRoots, []);
  const attempts = [...new Set([chain[own - 1], ...chain.slice(own).toReversed()])].map((root) => {
    const problems: string[] = [];
    const state = root === undefined ? undefined : readStateUnder(root, metadata, problems);
    return { state, problems };
  });
  const good = attempts.find(({ state, problems }) => state !== undefined && problems.length === 0);
  if (good?.state === undefined) refuseBroken(folder, attempts[0]?.problems ?? []);
  const problems: string[] = [];
  const documents = await readChannelDocuments(folder);
  const content = readContent(good.state, { documents }, problems);
  if (problems.length > 0) refuseBroken(folder, problems);
  return { previous: good.state, content };
}

export function refuseNoRepository(folder: string): never {
  throw new RepositoryError("not-a-repository", `There is no repository in "${folder}"`, {
    hint: "Publish a release to make one: socle publish RELEASE --repository DIR",
  });
}

function refuseBroken(folder: string, problems: readonly string[]): never {
  throw new RepositoryError(
    "repository-broken",
    `The repository in "${folder}" does not hold together; nothing is built on it:\n${problems.join("\n")}`,
    { hint: "Look at the whole with socle repository verify, and restore it from a copy." },
  );
}
