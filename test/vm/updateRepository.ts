/** A repository of the test systems' releases, and of some that no build would make. */
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";

import { findKeys } from "#image/openBuild.ts";
import { makeFolder, remove, writeAtomic } from "#system/files.ts";
import { openKeyFolder } from "#system/keyFolder.ts";
import { publishRelease, type ReleaseToPublish } from "#system/publishRelease.ts";
import { toRepositoryKeys } from "#system/repositoryKeys.ts";
import { serveFolder } from "#system/serveFolder.ts";
import { openWorkspace } from "#system/workspace.ts";

import { LOCKED_SYSTEM, type TestSystem } from "./harness.ts";
import { remakeKernel, type KernelChanges } from "./updateKernels.ts";
import { deriveRelease } from "./updateReleases.ts";

/** The host's loopback, as QEMU's network shows it to a machine. */
export const HOST_ADDRESS = "10.0.2.2";

export interface TestRepository {
  /** As a machine reaches it. */
  readonly url: string;
  /** As this host reaches it, and no machine by itself. */
  readonly localUrl: string;
  /** For releases that are made for the test. */
  readonly work: string;
  /** Into the channel `test`, where none is named. */
  publish(system: TestSystem, channel?: string): Promise<void>;
  /** The release with another kernel image: the same base under a new version. */
  publishKernel(system: TestSystem, changes: KernelChanges): Promise<void>;
  /** The release with a root that fits no slot. */
  publishLarge(system: TestSystem, version: string, channel: string): Promise<void>;
  publishFolder(release: ReleaseToPublish, channel: string): Promise<void>;
}

/** Signed with the keys that the test systems trust, served on this host's loopback until the test is over. */
export async function openTestRepository(t: TestContext): Promise<TestRepository> {
  const workspace = openWorkspace();
  const work = join(workspace.machines, `repository-${process.pid}`);
  const folder = join(work, "site");
  await makeFolder(folder);
  t.after(() => remove(work));
  const report = () => {};
  const keyFolder = await findKeys({ file: LOCKED_SYSTEM }, workspace, { report });
  const keys = toRepositoryKeys(await openKeyFolder(keyFolder));
  const served = await serveFolder(folder);
  t.after(() => served.close());

  const publishFolder = async (release: ReleaseToPublish, channel: string) => {
    await publishRelease({ folder, keys, now: () => new Date(), report }, { release, channel });
  };
  return {
    url: `http://${HOST_ADDRESS}:${served.port}/`,
    localUrl: `http://127.0.0.1:${served.port}/`,
    work,
    publishFolder,
    publish: async (system, channel = "test") =>
      publishFolder(
        await deriveRelease(system, join(work, `${channel}-${system.manifest.version}`)),
        channel,
      ),
    publishKernel: async (system, changes) => {
      const { version } = changes;
      const kernel = await remakeKernel(system, changes);
      await publishFolder(await deriveRelease(system, join(work, version), { version, kernel }), "test");
    },
    publishLarge: async (system, version, channel) => {
      const file = join(work, "large.root");
      const sizeBytes = system.manifest.sizes.rootSlotBytes + 4096;
      await writeAtomic(file, "");
      await truncate(file, sizeBytes);
      const root = { file, sizeBytes };
      await publishFolder(await deriveRelease(system, join(work, version), { version, root }), channel);
    },
  };
}
