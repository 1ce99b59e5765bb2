import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { MemoryRepository } from "#trust/memoryRepository.fixture.ts";
import { TUF_ROLES } from "#trust/keySet.ts";
import { UpdateError } from "#trust/updateError.ts";

import { createUpdatingMachine, readFolder } from "./updatingMachine.fixture.ts";

test("a release is fetched whole, as it was published", async () => {
  const repository = await MemoryRepository.create(["1.0", "1.1"]);
  await using machine = await createUpdatingMachine(repository);
  const { manifest } = await machine.update();
  assert.equal(manifest.version, "1.1");
  const files = await readFolder(machine.downloads);
  assert.deepEqual([...files.keys()].sort(), ["minimal_1.1.efi", "minimal_1.1.manifest.json"]);
  for (const [name, bytes] of files)
    assert.ok(
      [...repository.files].some(([path, honest]) => path.endsWith(`.${name}`) && honest.equals(bytes)),
    );
});

test("the provenance is part of a release although the manifest cannot name it", async () => {
  const repository = await MemoryRepository.create();
  repository.addRelease("stable", "1.1", { provenance: Buffer.from("{}\n"), uki: Buffer.from("kernel") });
  await repository.publish();
  await using machine = await createUpdatingMachine(repository);
  await machine.update();
  const names = ["minimal_1.1.efi", "minimal_1.1.intoto.jsonl", "minimal_1.1.manifest.json"];
  assert.deepEqual([...(await readFolder(machine.downloads)).keys()].sort(), names);
});

test("the workflow asks in the order of the specification, and for nothing it has", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  await machine.refresh();
  assert.deepEqual(machine.server.asked, [
    "metadata/2.root.json",
    "metadata/timestamp.json",
    "metadata/1.snapshot.json",
    "metadata/1.targets.json",
  ]);
  machine.server.asked.length = 0;
  const again = await machine.refresh();
  assert.deepEqual(machine.server.asked, ["metadata/2.root.json", "metadata/timestamp.json"]);
  assert.deepEqual(
    [again.rootVersion, again.timestampVersion, again.snapshotVersion, again.targetsVersion, again.channels],
    [1, 1, 1, 1, ["stable"]],
  );
  assert.equal(again.expires.timestamp, "2026-11-29T12:00:00Z");
});

test("keys of every role change over several versions of the root", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  await machine.update();
  for (const role of TUF_ROLES) await repository.rotate(role);
  repository.addRelease("stable", "1.1");
  await repository.publish();
  const { rootVersion } = await machine.refresh();
  assert.equal(rootVersion, 5);
  assert.equal((await machine.update()).manifest.version, "1.1");
  machine.server.asked.length = 0;
  await machine.refresh();
  assert.deepEqual(machine.server.asked.slice(0, 1), ["metadata/6.root.json"], "walked roots are kept");
});

test("a root that lies in the state folder is never where trust begins", async () => {
  const repository = await MemoryRepository.create();
  const stranger = await MemoryRepository.create();
  await stranger.writeRoot();
  await using machine = await createUpdatingMachine(repository);
  await mkdir(machine.stateFolder, { recursive: true });
  for (const name of ["root.json", "1.root.json", "2.root.json"])
    await writeFile(join(machine.stateFolder, name), stranger.readText("metadata/2.root.json"));
  const { rootVersion, dropped } = await machine.refresh();
  assert.equal(rootVersion, 1);
  assert.deepEqual(dropped, ["2.root.json"]);
});

test("a channel that is not there is named with those that are", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  const trusted = await machine.refresh();
  for (const name of ["beta", "targets", "constructor", "../stable"])
    await assert.rejects(trusted.readChannel(name), {
      code: "channel-unknown",
      message: /this repository has stable$/,
    });
  const channel = await trusted.readChannel("stable");
  await assert.rejects(trusted.readRelease(channel, "9.9"), {
    code: "version-unknown",
    message: /"stable" has 1\.0$/,
  });
});

const DAMAGE: readonly [string, (file: string) => Promise<void>][] = [
  ["empty files", async (file) => writeFile(file, "")],
  ["garbage", async (file) => writeFile(file, "\u0000\u0001 garbage {")],
  ["other JSON", async (file) => writeFile(file, '{"signed":null,"signatures":7}')],
  ["nothing", async (file) => rm(file)],
];

for (const [what, damage] of DAMAGE) {
  test(`a state folder with ${what} is made anew`, async () => {
    const repository = await MemoryRepository.create();
    await using machine = await createUpdatingMachine(repository);
    await repository.rotate("timestamp");
    await repository.publish();
    await machine.update();
    const before = await machine.readState();
    assert.deepEqual([...before.keys()].sort(), [
      "2.root.json",
      "snapshot.json",
      "stable.json",
      "targets.json",
      "timestamp.json",
    ]);
    for (const name of before.keys()) await damage(join(machine.stateFolder, name));
    const { dropped } = await machine.refresh();
    assert.deepEqual(dropped, what === "nothing" ? [] : ["2.root.json", "timestamp.json"]);
    await machine.update();
    assert.deepEqual(await machine.readState(), before);
  });
}

test("a state folder that cannot be written is named, and nothing is accepted without it", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  await writeFile(machine.stateFolder, "a file where the folder should be");
  await assert.rejects(machine.refresh(), (error: unknown) => {
    assert.ok(error instanceof UpdateError);
    assert.equal(error.code, "update-state-failed");
    assert.match(error.message, /"targets\.json"/);
    return true;
  });
});

test("an address that is no repository says so", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  repository.files.clear();
  await assert.rejects(machine.refresh(), { code: "server-error", hint: /address of a repository/ });
});
