/** The attacks of the TUF specification (1.0, 1.5.2) and the faults of servers, each against the whole client. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { TargetFile } from "@tufjs/models";

import { flipBit } from "#trust/flipBit.fixture.ts";
import { createMemorySigner, digest, MemoryRepository } from "#trust/memoryRepository.fixture.ts";
import type { Signer } from "#trust/signer.ts";
import type { UpdateErrorCode } from "#trust/updateError.ts";

import { dripping, endless, truncatedAt } from "./memoryServer.fixture.ts";
import { openUpdateClient } from "./updateClient.ts";
import { createUpdatingMachine, type UpdatingMachine } from "./updatingMachine.fixture.ts";

interface Attack {
  readonly name: string;
  readonly code: UpdateErrorCode;
  /** Starts from a machine that runs 1.0 and a repository that offers 1.1. */
  readonly prepare: (repository: MemoryRepository, machine: UpdatingMachine) => Promise<void> | void;
  readonly message?: RegExp;
  /** What the project does about it, where it must do something. */
  readonly repair?: (repository: MemoryRepository) => Promise<void>;
}

const STRANGER: readonly Signer[] = [createMemorySigner()];

/** What the mirror of an attacker serves who stole these keys: the repository itself stays as it is. */
async function serveForged(
  repository: MemoryRepository,
  machine: UpdatingMachine,
  forge: () => Promise<void>,
): Promise<void> {
  const honest = new Map(repository.files);
  const versions = { ...repository.versions };
  await forge();
  for (const [path, bytes] of repository.files)
    if (honest.get(path) !== bytes) machine.server.instead.set(path, bytes);
  repository.files.clear();
  for (const [path, bytes] of honest) repository.files.set(path, bytes);
  Object.assign(repository.versions, versions);
}

function fileOf(repository: MemoryRepository, pattern: RegExp): [path: string, bytes: Buffer] {
  const found = [...repository.files].findLast(([path]) => pattern.test(path));
  assert.ok(found !== undefined, `there is a file like ${pattern.source}`);
  return found;
}

const ARTIFACT = /minimal_1\.1\.efi$/;

const ATTACKS: readonly Attack[] = [
  {
    name: "arbitrary software: timestamp metadata signed by a stranger",
    code: "arbitrary-software",
    prepare: async (repository, machine) =>
      serveForged(repository, machine, async () => repository.writeTimestamp({}, STRANGER)),
  },
  {
    name: "arbitrary software: a stolen timestamp key vouches for a stranger's snapshot",
    code: "arbitrary-software",
    prepare: async (repository, machine) =>
      serveForged(repository, machine, async () => {
        await repository.writeSnapshot({}, STRANGER);
        await repository.writeTimestamp();
      }),
  },
  {
    name: "arbitrary software: stolen timestamp and snapshot keys vouch for a stranger's targets",
    code: "arbitrary-software",
    prepare: async (repository, machine) =>
      serveForged(repository, machine, async () => {
        await repository.writeTargets({}, STRANGER);
        await repository.writeSnapshot();
        await repository.writeTimestamp();
      }),
  },
  {
    name: "arbitrary software: stolen timestamp and snapshot keys vouch for a stranger's channel",
    code: "arbitrary-software",
    prepare: async (repository) => {
      await repository.writeChannel("stable", {}, STRANGER);
      await repository.writeSnapshot();
      await repository.writeTimestamp();
    },
    repair: async (repository) => repository.publish(),
  },
  {
    name: "arbitrary software: another file in place of an artifact",
    code: "target-tampered",
    prepare: (repository, { server }) => {
      const [path, bytes] = fileOf(repository, ARTIFACT);
      server.instead.set(path, Buffer.alloc(bytes.length, "evil"));
    },
  },
  ...[
    "metadata/2.root.json",
    "metadata/timestamp.json",
    "metadata/2.snapshot.json",
    "metadata/2.targets.json",
    "metadata/2.stable.json",
  ].map((path): Attack => ({
    name: `endless data: ${path}`,
    code: "endless-data",
    prepare: (_repository, { server }) => void server.instead.set(path, endless),
  })),
  {
    name: "endless data: an artifact",
    code: "endless-data",
    prepare: (repository, { server }) => void server.instead.set(fileOf(repository, ARTIFACT)[0], endless),
  },
  {
    name: "endless data: an artifact that the server itself calls longer",
    code: "endless-data",
    prepare: (repository, { server }) => {
      const [path, bytes] = fileOf(repository, ARTIFACT);
      server.instead.set(path, Buffer.concat([bytes, bytes]));
    },
  },
  {
    name: "extraneous dependencies: a manifest that names a file of elsewhere",
    code: "release-inconsistent",
    message: /minimal_1\.2\.raw/,
    prepare: async (repository) => {
      repository.addRelease("stable", "1.2", { disk: Buffer.from("disk") });
      delete repository.channels.get("stable")?.targets["stable/minimal_1.2.raw"];
      await repository.publish();
    },
    repair: async (repository) => {
      repository.addRelease("stable", "1.3");
      await repository.publish();
    },
  },
  {
    name: "indefinite freeze: old timestamp metadata, served for ever",
    code: "freeze-attack",
    message: /timestamp/,
    prepare: (_repository, machine) => void (machine.now = new Date("2026-11-30T00:00:00Z")),
  },
  {
    name: "mix and match: the snapshot of before under the new name",
    code: "mix-and-match",
    prepare: ({ files }, { server }) =>
      void server.instead.set("metadata/2.snapshot.json", files.get("metadata/1.snapshot.json")),
  },
  {
    name: "mix and match: the channel of before under the new name",
    code: "mix-and-match",
    prepare: ({ files }, { server }) =>
      void server.instead.set("metadata/2.stable.json", files.get("metadata/1.stable.json")),
  },
  {
    name: "mix and match: a stolen timestamp key pairs old and new",
    code: "mix-and-match",
    prepare: async (repository, machine) =>
      serveForged(repository, machine, async () => {
        await repository.writeTimestamp({ snapshotMeta: repository.toMeta("snapshot", 1, 3) });
        repository.files.set("metadata/3.snapshot.json", repository.files.get("metadata/1.snapshot.json")!);
      }),
  },
  {
    name: "mix and match: the artifact of another release",
    code: "target-tampered",
    prepare: (repository, { server }) => {
      const [path] = fileOf(repository, ARTIFACT);
      server.instead.set(path, fileOf(repository, /minimal_1\.0\.efi$/)[1]);
    },
  },
  {
    name: "rollback: a stolen timestamp key names an older snapshot",
    code: "rollback-attack",
    prepare: async (repository, machine) => {
      await machine.refresh();
      await serveForged(repository, machine, async () =>
        repository.writeTimestamp({ snapshotMeta: repository.toMeta("snapshot", 1) }),
      );
    },
  },
  {
    name: "rollback: stolen timestamp and snapshot keys name older targets",
    code: "rollback-attack",
    prepare: async (repository, machine) => {
      await machine.refresh();
      await serveForged(repository, machine, async () => {
        const meta = {
          "targets.json": repository.toMeta("targets", 1),
          "stable.json": repository.toMeta("stable", 2),
        };
        await repository.writeSnapshot({ meta });
        await repository.writeTimestamp();
      });
    },
  },
  {
    name: "rollback: a channel has gone from the snapshot",
    code: "rollback-attack",
    prepare: async (repository, machine) =>
      serveForged(repository, machine, async () => {
        await repository.writeSnapshot({ meta: { "targets.json": repository.toMeta("targets", 2) } });
        await repository.writeTimestamp();
      }),
  },
  {
    name: "rollback: the next root is the one of before",
    code: "rollback-attack",
    prepare: ({ files }, { server }) =>
      void server.instead.set("metadata/2.root.json", files.get("metadata/1.root.json")),
  },
  {
    name: "slow retrieval: timestamp metadata drips",
    code: "server-too-slow",
    prepare: (_repository, { server }) => void server.instead.set("metadata/timestamp.json", dripping),
  },
  {
    name: "slow retrieval: an artifact drips",
    code: "server-too-slow",
    prepare: (repository, { server }) => void server.instead.set(fileOf(repository, ARTIFACT)[0], dripping),
  },
  {
    name: "slow retrieval: a server that takes the question and never answers",
    code: "server-too-slow",
    prepare: (_repository, { server }) => void server.instead.set("metadata/2.targets.json", () => {}),
  },
  {
    name: "malicious mirror: it answers nothing but errors",
    code: "server-error",
    message: /status 500/,
    prepare: (_repository, { server }) =>
      void server.instead.set("metadata/timestamp.json", (_request, response) =>
        response.writeHead(500).end(),
      ),
  },
  {
    name: "malicious mirror: it hides a file that metadata name",
    code: "server-error",
    prepare: (_repository, { server }) => void server.instead.set("metadata/2.stable.json", undefined),
  },
  {
    name: "wrong role: a snapshot in place of the timestamp metadata",
    code: "wrong-role",
    prepare: ({ files }, { server }) =>
      void server.instead.set("metadata/timestamp.json", files.get("metadata/2.snapshot.json")),
  },
  {
    name: "wrong role: the snapshot key signs timestamp metadata",
    code: "arbitrary-software",
    prepare: async (repository, machine) =>
      serveForged(repository, machine, async () => repository.writeTimestamp({}, repository.keys.snapshot)),
  },
  {
    name: "wrong role: targets in place of the snapshot, by a stolen timestamp key",
    code: "wrong-role",
    prepare: async (repository, machine) =>
      serveForged(repository, machine, async () => {
        await repository.writeTimestamp({ snapshotMeta: repository.toMeta("targets", 2, 3) });
        repository.files.set("metadata/3.snapshot.json", repository.files.get("metadata/2.targets.json")!);
      }),
  },
  {
    name: "wrong role: a root that the targets key signed",
    code: "key-rotation-broken",
    prepare: async (repository, machine) =>
      serveForged(repository, machine, async () => repository.writeRoot(repository.keys.targets)),
  },
  {
    name: "key rotation: new root keys that the old ones do not vouch for",
    code: "key-rotation-broken",
    prepare: async (repository, machine) =>
      serveForged(repository, machine, async () => {
        const { root } = repository.keys;
        repository.keys.root = [createMemorySigner()];
        await repository.writeRoot();
        repository.keys.root = root;
      }),
  },
  {
    name: "key rotation: old root keys vouch for a root that its own do not sign",
    code: "key-rotation-broken",
    prepare: async (repository, machine) =>
      serveForged(repository, machine, async () => {
        const { root } = repository.keys;
        repository.keys.root = [createMemorySigner()];
        await repository.writeRoot(root);
        repository.keys.root = root;
      }),
  },
  {
    name: "key rotation: a version of the root is left out",
    code: "key-rotation-broken",
    prepare: async (repository, machine) =>
      serveForged(repository, machine, async () => repository.writeRoot(undefined, { version: 3 })),
  },
  {
    name: "truncated: timestamp metadata",
    code: "download-truncated",
    prepare: ({ files }, { server }) =>
      void server.instead.set(
        "metadata/timestamp.json",
        truncatedAt(files.get("metadata/timestamp.json")!, 100),
      ),
  },
  {
    name: "truncated: timestamp metadata, by a server that does not notice",
    code: "metadata-malformed",
    prepare: ({ files }, { server }) =>
      void server.instead.set(
        "metadata/timestamp.json",
        files.get("metadata/timestamp.json")?.subarray(0, 100),
      ),
  },
  {
    name: "truncated: an artifact, by a server that has no more of it",
    code: "download-truncated",
    prepare: (repository, { server }) => {
      const [path, bytes] = fileOf(repository, ARTIFACT);
      server.instead.set(path, bytes.subarray(0, 99));
    },
  },
  {
    name: "another system's channel",
    code: "other-project",
    prepare: async (_repository, machine) => {
      machine.id = "other";
      machine.server.instead.set("ends the attack", undefined);
      const clear = machine.server.instead.clear.bind(machine.server.instead);
      machine.server.instead.clear = () => {
        machine.id = undefined;
        clear();
      };
    },
  },
];

for (const { name, code, prepare, message = /./, repair } of ATTACKS) {
  test(`refused: ${name}`, async () => {
    const repository = await MemoryRepository.create();
    await using machine = await createUpdatingMachine(repository);
    await machine.update();
    repository.addRelease("stable", "1.1");
    await repository.publish();
    await prepare(repository, machine);
    const recovers = code !== "freeze-attack";
    const error = await machine.refuses(code, { recovers, repair: async () => repair?.(repository) });
    assert.match(error.message, message);
  });
}

test("rollback: older timestamp metadata than were seen are refused", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  const old = repository.files.get("metadata/timestamp.json");
  await repository.publish();
  await machine.update();
  machine.server.instead.set("metadata/timestamp.json", old);
  const error = await machine.refuses("rollback-attack");
  assert.match(error.message, /1 is less than current version 2/);
});

test("rollback: a root that was seen cannot be hidden again, nor the keys that it took away be used", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  const stolen = repository.keys.timestamp;
  await repository.rotate("timestamp");
  await repository.publish();
  await machine.update();
  machine.server.instead.set("metadata/2.root.json", undefined);
  const honest = repository.files.get("metadata/timestamp.json")!;
  await repository.writeTimestamp({}, stolen);
  machine.server.instead.set("metadata/timestamp.json", repository.files.get("metadata/timestamp.json"));
  repository.files.set("metadata/timestamp.json", honest);
  await machine.refuses("arbitrary-software");
});

test("threshold: one signature of two is not enough, and the same one twice neither", async () => {
  const repository = await MemoryRepository.create(["1.0"], { thresholds: { targets: 2, root: 2 } });
  await using machine = await createUpdatingMachine(repository);
  await machine.update();
  await serveForged(repository, machine, async () => {
    await repository.writeTargets({}, repository.keys.targets.slice(1));
    await repository.writeSnapshot();
    await repository.writeTimestamp();
  });
  const error = await machine.refuses("arbitrary-software");
  assert.match(error.message, /signed by 1\/2 keys/);

  await serveForged(repository, machine, async () => {
    await repository.writeRoot(repository.keys.root.slice(1));
    const path = "metadata/2.root.json";
    const root = JSON.parse(repository.readText(path)) as { signatures: unknown[] };
    root.signatures.push(...root.signatures);
    repository.files.set(path, Buffer.from(JSON.stringify(root)));
  });
  await machine.refuses("metadata-malformed");
});

test("fast forward: versions that a stolen timestamp key drove up are forgotten when that key is replaced", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  await machine.update();
  const versions = { ...repository.versions };
  await repository.writeTimestamp({ version: 2_000_000_000 });
  await machine.update();
  Object.assign(repository.versions, versions);
  await repository.publish();
  await machine.refuses("rollback-attack", { recovers: false });
  await repository.rotate("timestamp");
  await repository.publish();
  assert.deepEqual((await machine.refresh()).dropped, ["timestamp.json"]);
  await machine.update();
});

test("fast forward: the same with the snapshot key too", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  await machine.update();
  const honest = { ...repository.versions };
  repository.versions.snapshot = 999_999;
  repository.versions.timestamp = 999_999;
  await repository.writeSnapshot();
  await repository.writeTimestamp();
  await machine.update();
  Object.assign(repository.versions, honest);
  await repository.publish();
  await machine.refuses("rollback-attack", { recovers: false });
  await repository.rotate("timestamp");
  await repository.rotate("snapshot");
  await repository.publish();
  await machine.update();
});

test("freeze: each role's own expiry counts, and the error says what the clocks say", async () => {
  for (const role of ["root", "timestamp", "snapshot", "targets"] as const) {
    const repository = new MemoryRepository();
    Object.assign(repository.days, { root: 100, timestamp: 100, snapshot: 100, targets: 100, [role]: 10 });
    await repository.writeRoot();
    repository.addRelease("stable", "1.0");
    await repository.publish();
    await using machine = await createUpdatingMachine(repository);
    await machine.update();
    machine.now = new Date("2026-12-24T00:00:00Z");
    const code = role === "root" ? "root-expired" : "freeze-attack";
    const error = await machine.refuses(code, { recovers: false });
    assert.match(error.message, new RegExp(role));
    assert.match(error.hint ?? "", /This machine's clock says 2026-12-24T00:00:00Z/);
    assert.match(error.hint ?? "", /The server's clock, which nobody vouches for, says 20/);
    machine.now = repository.now;
    await machine.update();
  }
});

test("the repository of another project is called that", async () => {
  const repository = await MemoryRepository.create();
  const other = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  await machine.update();
  for (const path of repository.files.keys()) machine.server.instead.set(path, undefined);
  for (const [path, bytes] of other.files) machine.server.instead.set(path, bytes);
  await machine.refuses("other-project");
  await other.rotate("snapshot");
  for (const [path, bytes] of other.files) machine.server.instead.set(path, bytes);
  await machine.refuses("other-project");
});

test("a channel cannot vouch for what is outside its own folder", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  const evil = Buffer.from("evil");
  const path = "beta/minimal_1.0.efi";
  const stable = repository.channels.get("stable");
  assert.ok(stable !== undefined);
  stable.targets[path] = new TargetFile({ path, length: evil.length, hashes: { sha256: digest(evil) } });
  await repository.publish();
  const release = await machine.update();
  assert.ok(release.files.every((file) => file.path.startsWith("stable/")));
});

test("an unreachable server is called that", async () => {
  const repository = await MemoryRepository.create();
  const machine = await createUpdatingMachine(repository);
  await machine[Symbol.asyncDispose]();
  await assert.rejects(machine.refresh(), { code: "server-unreachable" });
});

test("single bits of any metadata on the way: each is refused by the whole client, which then goes on", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  await machine.update();
  await repository.rotate("snapshot");
  repository.addRelease("stable", "1.1");
  await repository.publish();
  for (const path of [
    "metadata/2.root.json",
    "metadata/timestamp.json",
    "metadata/2.snapshot.json",
    "metadata/2.targets.json",
    "metadata/2.stable.json",
  ]) {
    const bytes = repository.files.get(path)!;
    const begin = bytes.indexOf('"signed"') * 8;
    for (let bit = begin; bit < bytes.length * 8 - 64; bit += 997) {
      machine.server.instead.set(path, flipBit(bytes, bit));
      await machine.refuses(undefined, { recovers: false });
    }
    // The next file is only looked at when this one was trusted: it is now.
    machine.server.instead.clear();
  }
  assert.equal((await machine.update()).manifest.version, "1.1");
});

test("an address with a password in it is refused, and is not repeated", async () => {
  const repository = await MemoryRepository.create();
  const open = () =>
    openUpdateClient({
      trustedRoot: repository.readText("metadata/1.root.json"),
      stateFolder: "/nonexistent",
      metadataUrl: "https://user:secret@updates.example/metadata",
      targetsUrl: "https://updates.example/targets",
      clock: () => repository.now,
      notBefore: repository.now,
    });
  assert.throws(open, (error: Error) => !error.message.includes("secret"));
});
