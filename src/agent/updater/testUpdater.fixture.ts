import { join } from "node:path";

import { createClient, type Client } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

import type { UpdatePolicy } from "#boot/policy/updatePolicy.ts";
import type { TestRelease } from "#boot/updateRelease.fixture.ts";
import { UpdateService, type UpdateEvent, type UpdateFinished } from "#protocol/gen/socle/v1/update_pb.ts";
import type { Sha256 } from "#release/sha256.ts";
import { makeWorkFolder, remove } from "#system/files.ts";
import type { FetchLimits } from "#system/tuf/fetchLimits.ts";
import { startMemoryServer, type MemoryServer } from "#system/tuf/memoryServer.fixture.ts";
import { openUpdateClient } from "#system/tuf/updateClient.ts";
import { MemoryRepository } from "#trust/memoryRepository.fixture.ts";

import { createEventCalls } from "../events/createEventCalls.ts";
import { EventHub } from "../events/eventHub.ts";
import { createLog } from "../log.ts";
import type { Machine } from "../machineFacts.ts";
import { createMemoryMachine } from "../memoryMachine.ts";
import { CALLER_HEADER } from "../passCalls.ts";
import { IMAGE, sealedMachine } from "../sealedMachine.fixture.ts";
import type { MemoryUpdaterMachine } from "./memoryUpdaterMachine.fixture.ts";
import { startUpdater, type UpdaterServer } from "./startUpdater.ts";
import { Updater } from "./updater.ts";
import { createUpdateSource, TRUSTED_ROOT_PATH } from "./updateSource.ts";

/** A repository that the machine trusts, with the images of these releases in its channel `stable`. */
export async function publishReleases(
  releases: readonly TestRelease[],
  id?: string,
): Promise<MemoryRepository> {
  const repository = await MemoryRepository.create([], id === undefined ? {} : { id });
  for (const release of releases) await publishRelease(repository, release);
  return repository;
}

export async function publishRelease(
  repository: MemoryRepository,
  { release, images }: TestRelease,
  more: Parameters<MemoryRepository["addRelease"]>[2] = {},
): Promise<void> {
  const rootHash: Sha256 = release.slot.rootHash;
  repository.addRelease("stable", release.version, { ...images, ...more }, rootHash);
  await repository.publish();
}

export interface TestUpdater extends AsyncDisposable {
  readonly server: MemoryServer;
  /** How patient it is with servers. */
  readonly limits: { -readonly [Key in keyof FetchLimits]?: FetchLimits[Key] };
  socketPath: string;
  client: Client<typeof UpdateService>;
  readonly lines: string[];
  /** What happens in its process, of all of them one after the other. */
  readonly events: EventHub;
  readonly clock: { now: Date };
  readonly world: {
    policy: UpdatePolicy;
    /** What is kept for the next updater. */ kept: string | undefined;
  };
  running: UpdaterServer;
  /** As after a kill: the one before is not asked. */
  restart(): Promise<void>;
}

export interface TestUpdaterOptions {
  readonly repository: MemoryRepository;
  readonly machine: MemoryUpdaterMachine;
  readonly files?: Readonly<Record<string, string>>;
  readonly folders?: Readonly<Record<string, readonly string[]>>;
  readonly mode?: UpdatePolicy["mode"];
  readonly idleMs?: number;
  readonly lookEveryMs?: number;
  /** Until it has done what it does at its start. */
  readonly waits?: boolean;
}

/** The real server on a Unix socket, for a machine in memory and a repository on this host. */
export async function startTestUpdater({
  repository,
  machine,
  files = {},
  folders = {},
  mode = "manual",
  idleMs = 60_000,
  lookEveryMs = 60_000,
  waits = true,
}: TestUpdaterOptions): Promise<TestUpdater> {
  const folder = await makeWorkFolder(process.env["TMPDIR"] ?? "/tmp", "socle-updater");
  const server = await startMemoryServer(() => repository.files);
  const lines: string[] = [];
  const clock = { now: repository.now };
  const log = createLog((line) => lines.push(line), Date.now);
  const events = new EventHub(() => clock.now);
  const linux: Machine = createMemoryMachine({
    ...sealedMachine,
    folders: { ...sealedMachine.folders, ...folders },
    files: {
      ...sealedMachine.files,
      ...files,
      [TRUSTED_ROOT_PATH]: repository.readText("metadata/1.root.json"),
      "/usr/lib/socle/image.json": JSON.stringify({ ...IMAGE, sourceDate: "2026-10-01T00:00:00Z" }),
    },
  });
  let count = 0;
  const start = async (): Promise<Pick<TestUpdater, "socketPath" | "client" | "running">> => {
    const readRelease = createUpdateSource({
      machine: linux,
      openClient: async (options) => openUpdateClient(options),
      clock: () => clock.now,
      stateFolder: join(folder, "tuf"),
      fetch: { limits },
    });
    count++;
    const updater = new Updater({
      machine: linux,
      openMachine: async () => machine,
      readRelease,
      readPolicy: async () => world.policy,
      request: {
        read: async () => world.kept,
        write: async (text) => void (world.kept = text),
        remove: async () => void (world.kept = undefined),
      },
      verdictEveryMs: 10,
      newId: () => `operation-${count}-${lines.length}`,
      clock: () => clock.now,
      log,
      tell: (value) => events.publish({ case: "update", value }),
    });
    const socketPath = join(folder, `updater-${count}.sock`);
    const client = createClient(
      UpdateService,
      createConnectTransport({
        httpVersion: "1.1",
        baseUrl: "http://updater",
        nodeOptions: { socketPath, agent: false },
        interceptors: [
          (next) => (request) => {
            request.header.set(CALLER_HEADER, "developer");
            return next(request);
          },
        ],
      }),
    );
    const running = await startUpdater({
      updater,
      otherCalls: [createEventCalls({ events, listPast: () => updater.events.past })],
      machine: linux,
      readRelease,
      clock: () => clock.now,
      listen: { path: socketPath },
      log,
      monotonicUs: () => 0,
      idleMs,
      lookEveryMs,
    });
    return { socketPath, client, running };
  };
  const limits = { connectTimeoutMs: 5000, windowMs: 5000, windowBytes: 4096 };
  /** Outlives an updater. */
  const world: { policy: UpdatePolicy; kept: string | undefined } = {
    kept: undefined,
    policy: { repository: server.url, channel: "stable", mode, spreadSeconds: 0, minimumAgeSeconds: 0 },
  };
  const test: TestUpdater = {
    ...(await start()),
    world,
    server,
    limits,
    lines,
    events,
    clock,
    restart: async () => void Object.assign(test, await start()),
    [Symbol.asyncDispose]: async () => {
      await test.running.close();
      await server[Symbol.asyncDispose]();
      await remove(folder);
    },
  };
  if (waits) await test.running.started;
  return test;
}

/** Steps and the end of an operation. */
export interface Followed {
  readonly steps: string[];
  readonly phases: number[];
  readonly finished: UpdateFinished;
  readonly events: UpdateEvent[];
}

export async function follow(stream: AsyncIterable<{ event?: UpdateEvent | undefined }>): Promise<Followed> {
  const events: UpdateEvent[] = [];
  for await (const { event } of stream) if (event !== undefined) events.push(event);
  const cases = events.map(({ event }) => event);
  const finished = cases.find((event) => event.case === "finished");
  if (finished === undefined) throw new Error(`it has no end: ${cases.map((event) => event.case).join()}`);
  return {
    events,
    steps: cases.flatMap((event) => (event.case === "step" ? event.value.kind : [])),
    phases: cases.flatMap((event) => (event.case === "phase" ? event.value.to : [])),
    finished: finished.value,
  };
}
