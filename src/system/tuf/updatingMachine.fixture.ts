import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type MemoryRepository } from "#trust/memoryRepository.fixture.ts";
import { UpdateError, type UpdateErrorCode } from "#trust/updateError.ts";

import type { FetchLimits } from "./fetchLimits.ts";
import { type MemoryServer, startMemoryServer } from "./memoryServer.fixture.ts";
import type { TrustedRelease } from "./readRelease.ts";
import { openUpdateClient, type TrustedRepository } from "./updateClient.ts";

/** Refuses within half a second what takes half a minute elsewhere; a machine that is busy still answers in that time. */
const IMPATIENT: Partial<FetchLimits> = { connectTimeoutMs: 2000, windowMs: 500, windowBytes: 4096 };

/** A machine that updates itself from one server; it trusts the root that its repository had when it was made. */
export interface UpdatingMachine extends AsyncDisposable {
  readonly server: MemoryServer;
  readonly stateFolder: string;
  /** Where it fetches releases to. */
  readonly downloads: string;
  /** What its clock says. */
  now: Date;
  /** The source date of its image. */
  notBefore: Date;
  /** Refuse another system's channels. */
  id: string | undefined;
  refresh(): Promise<TrustedRepository>;
  /** All the way: refresh, channel, newest release, every file of it. */
  update(): Promise<TrustedRelease>;
  /** Kept metadata by file name. */
  readState(): Promise<Map<string, Buffer>>;
  /**
   * The update is refused, with this code if one is given; nothing is left under a file's name, and nothing is kept
   * but what the project itself made. Then the server behaves again, and so does the update.
   */
  refuses(
    code: UpdateErrorCode | undefined,
    options?: { recovers?: boolean; repair?: () => Promise<void> },
  ): Promise<UpdateError>;
}

export async function createUpdatingMachine(repository: MemoryRepository): Promise<UpdatingMachine> {
  const folder = await mkdtemp(join(tmpdir(), "socle-update-"));
  const server = await startMemoryServer(() => repository.files);
  const trustedRoot = repository.readText(`metadata/${repository.versions.root}.root.json`);

  const machine: UpdatingMachine = {
    server,
    stateFolder: join(folder, "state"),
    downloads: join(folder, "downloads"),
    now: repository.now,
    notBefore: new Date("2026-10-01T00:00:00Z"),
    id: undefined,
    refresh: async () =>
      openUpdateClient({
        trustedRoot,
        stateFolder: machine.stateFolder,
        metadataUrl: `${server.url}metadata`,
        targetsUrl: `${server.url}targets/`,
        clock: () => machine.now,
        notBefore: machine.notBefore,
        ...(machine.id === undefined ? {} : { id: machine.id }),
        fetch: { limits: IMPATIENT },
      }).refresh(),
    update: async () => {
      const trusted = await machine.refresh();
      const channel = await trusted.readChannel("stable");
      const release = await trusted.readRelease(channel, channel.document.releases[0]?.version ?? "none");
      for (const file of release.files) await trusted.fetchArtifact(file, join(machine.downloads, file.name));
      return release;
    },
    readState: () => readFolder(machine.stateFolder),
    refuses: async (code, { recovers = true, repair } = {}) => {
      const before = await machine.readState();
      await rm(machine.downloads, { recursive: true, force: true });
      const error = await machine.update().then(
        () => assert.fail(`the update was not refused (${code ?? "any code"} is expected)`),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof UpdateError, String(error));
      if (code !== undefined) assert.equal(error.code, code, error.message);
      const honest = new Set([...repository.files.values()].map((bytes) => bytes.toString("latin1")));
      for (const [name, bytes] of await machine.readState()) {
        const isAsBefore = before.get(name)?.equals(bytes) === true;
        assert.ok(
          isAsBefore || honest.has(bytes.toString("latin1")),
          `${name} was kept although nobody vouched for it`,
        );
      }
      for (const [name, bytes] of await readFolder(machine.downloads)) {
        if (!name.startsWith(".")) assert.ok(honest.has(bytes.toString("latin1")), `${name} is there`);
      }
      server.instead.clear();
      await repair?.();
      if (recovers) assert.notEqual(await machine.update(), undefined);
      return error;
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return machine;
}

export async function readFolder(folder: string): Promise<Map<string, Buffer>> {
  const names: string[] = await readdir(folder).catch(() => []);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
}
