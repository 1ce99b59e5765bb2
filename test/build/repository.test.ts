import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, cp, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { decodeGpt } from "#boot/gpt.ts";
import type { GptPartition } from "#boot/gptTable.ts";
import { PARTITION_TYPES } from "#boot/partitionTypes.ts";
import { rootUuidsOf } from "#boot/partitionUuids.ts";
import { findKeys } from "#image/openBuild.ts";
import type { ReleaseManifest } from "#release/manifest.ts";
import type { ArtifactKind } from "#release/releaseNames.ts";
import { toSysupdateTransfers } from "#release/sysupdateTransfers.ts";
import { INTERRUPTIONS, interruptEverywhere } from "#system/interruptRepository.fixture.ts";
import { CommandError } from "#system/runCommand.ts";

import { buildTestSystem, LOCKED_SYSTEM } from "../vm/harness.ts";
import { run, SOCLE } from "./workspace.ts";

const work = await mkdtemp(join(tmpdir(), "socle-repository-"));
after(() => rm(work, { recursive: true }));

for (const [name, interruption] of Object.entries(INTERRUPTIONS)) {
  for (const how of ["killed", "power-cut"] as const) {
    test(`${name}, ${how} at every step: clients see what was or what was to be, and the next one succeeds`, async () => {
      await interruptEverywhere(interruption, how);
    });
  }
}

const older = await buildTestSystem("sealed");
const newer = await buildTestSystem("sealed", { version: "1.1" });
const { tools, workspace } = newer.context;
// Those that have signed how the releases were built.
const keys = await findKeys({ file: LOCKED_SYSTEM }, workspace, { report: () => {} });
const site = join(work, "site");
const trustedRoot = join(keys, "root/1.root.json");

async function socle(...words: string[]) {
  const outcome = await run([SOCLE, ...words], { cwd: work, env: {} });
  assert.equal(outcome.exitCode, 0, outcome.stderr);
  return outcome.stdout;
}

for (const { folder } of [older, newer])
  await socle("publish", folder, "--repository", site, "--keys", keys, "-q");
await socle("repository", "verify", site, "--trusted-root", trustedRoot);

test("a publish that is killed while it copies leaves nothing that counts, and the next one makes up for it", async () => {
  const folder = join(work, "killed");
  const words = ["publish", newer.folder, "--repository", folder, "--keys", keys, "--json"];
  const child = spawn(SOCLE, words, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (/"kind":"step-progress","step":"copy"/.test(said)) child.kill("SIGKILL");
  });
  assert.deepEqual(await once(child, "close"), [null, "SIGKILL"]);
  assert.equal((await readdir(join(folder, "metadata"))).includes("timestamp.json"), false);
  await socle(...words);
  const report = JSON.parse(await socle("repository", "verify", folder, "-o", "json")) as {
    warnings: string[];
  };
  assert.deepEqual(report.warnings, []);
  await rm(folder, { recursive: true });
});

/** `socle serve`, as a user starts it; Ctrl-C ends it. */
async function serve(folder: string): Promise<{ url: string } & AsyncDisposable> {
  const child = spawn(SOCLE, ["serve", folder, "-q"], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  return {
    url: line.trim(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      assert.deepEqual(await once(child, "close"), [0, null], "its ordinary end");
    },
  };
}

const PYTHON_CLIENT = `
import os, sys
from tuf.ngclient import Updater
folder, url, names = sys.argv[1], sys.argv[2], sys.argv[3:]
updater = Updater(metadata_dir=folder, metadata_base_url=url + "metadata/",
                  target_dir=folder, target_base_url=url + "targets/")
updater.refresh()
for name in names:
    target = updater.get_targetinfo(name)
    assert target is not None, name + " is not there"
    print(updater.download_target(target, os.path.join(folder, os.path.basename(name))))
`;

/** python3-tuf's client, of Debian, fetches targets; the files are in the folder that is returned. */
async function fetchWithPython(url: string, paths: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(work, "python-"));
  await copyFile(trustedRoot, join(folder, "root.json"));
  await tools.run(["python3", "-c", PYTHON_CLIENT, folder, url, ...paths], { folders: [folder] });
  return folder;
}

test("python3-tuf fetches a release: every file but the large disks, byte for byte", async () => {
  await using server = await serve(site);
  const { folder, manifest } = newer;
  const names = (await readdir(folder)).filter((name) => !/\.(raw|qcow2)$|^SHA256SUMS$/.test(name));
  assert.ok(
    names.some((name) => name.endsWith(".root")) && names.some((name) => name.endsWith(".intoto.jsonl")),
  );
  const fetched = await fetchWithPython(server.url, [
    "stable/channel.json",
    ...names.map((name) => `stable/${name}`),
  ]);
  for (const name of names)
    assert.ok((await readFile(join(folder, name))).equals(await readFile(join(fetched, name))), name);
  const channel = JSON.parse(await readFile(join(fetched, "channel.json"), "utf8")) as {
    releases: { published: string }[];
  };
  const { published = "", ...release } = channel.releases[0] ?? {};
  assert.ok(Math.abs(Date.now() - Date.parse(published)) < 60 * 60_000, published);
  assert.deepEqual(release, {
    version: "1.1",
    manifest: `stable/${manifest.id}_1.1.manifest.json`,
    rootHash: manifest.rootHash,
  });
});

test("python3-tuf refuses a file and metadata in which one bit is another", async () => {
  const copy = join(work, "tampered");
  await cp(join(site, "metadata"), join(copy, "metadata"), { recursive: true });
  const { id } = newer.manifest;
  const name = `${id}_1.1.packages.tsv`;
  const stored = (await readdir(join(site, "targets/stable"))).find((entry) => entry.endsWith(name)) ?? "";
  await mkdir(join(copy, "targets/stable"), { recursive: true });
  const bytes = await readFile(join(site, "targets/stable", stored));
  await writeFile(join(copy, "targets/stable", stored), bytes);
  await using server = await serve(copy);
  const fetchIt = async () => fetchWithPython(server.url, [`stable/${name}`]);
  const refusedBecause = (reason: RegExp) => (error: unknown) =>
    error instanceof CommandError && reason.test(error.outputTail ?? "");
  await fetchIt();

  bytes[100]! ^= 1;
  await writeFile(join(copy, "targets/stable", stored), bytes);
  await assert.rejects(fetchIt(), refusedBecause(/LengthOrHashMismatchError/));
  const timestamp = join(copy, "metadata/timestamp.json");
  await writeFile(timestamp, (await readFile(timestamp, "utf8")).replace(/"expires": "2/, '"expires": "3'));
  await assert.rejects(fetchIt(), refusedBecause(/UnsignedMetadataError/));
});

/** A disk as a machine has it, and its ESP as that machine mounts it. */
async function prepareMachine({ folder, manifest }: typeof older): Promise<{ disk: string; esp: string }> {
  const disk = join(work, "disk.raw");
  await tools.run(["cp", "--sparse=always", findFile(folder, manifest, "disk"), disk], {
    folders: [folder, work],
  });
  const esp = join(work, "esp");
  await mkdir(esp);
  const { firstSector } = (await readPartitions(disk)).find(
    ({ typeGuid }) => typeGuid === PARTITION_TYPES.esp,
  )!;
  // A copy in a folder: not every kernel that runs this knows FAT.
  await tools.run(["mcopy", "-s", "-i", `${disk}@@${firstSector * 512}`, "::", esp], { folders: [work] });
  return { disk, esp };
}

function findFile(folder: string, manifest: ReleaseManifest, kind: ArtifactKind): string {
  const artifact = manifest.artifacts.find((entry) => entry.kind === kind);
  assert.ok(artifact, `the release has a file of the kind ${kind}`);
  return join(folder, artifact.name);
}

async function readPartitions(disk: string): Promise<readonly GptPartition[]> {
  await using file = await open(disk);
  const { buffer } = await file.read(Buffer.alloc(34 * 512), 0, 34 * 512, 0);
  return decodeGpt(buffer).partitions;
}

async function readPartition(
  disk: string,
  { firstSector }: GptPartition,
  sizeBytes: number,
): Promise<Buffer> {
  await using file = await open(disk);
  const { buffer } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, firstSector * 512);
  return buffer;
}

test("systemd-sysupdate fills the spare slot from the published channel and writes the kernel image with its counter", async () => {
  const { disk, esp } = await prepareMachine(older);
  const before = await readPartitions(disk);
  await using server = await serve(site);
  const { id } = newer.manifest;
  const source = { id, url: `${server.url}targets/stable/`, signed: true, disk };
  const definitions = join(work, "sysupdate.d");
  await mkdir(definitions);
  for (const [name, text] of Object.entries(toSysupdateTransfers(source)))
    await writeFile(join(definitions, name), text);
  const sysupdate = async (...words: string[]) => {
    const argv = ["/usr/lib/systemd/systemd-sysupdate", `--definitions=${definitions}`, ...words];
    return (await tools.run(argv, { folders: [work], environment: { SYSTEMD_ESP_PATH: esp } })).stdout;
  };

  assert.match(await sysupdate("check-new"), /^1\.1$/m);
  await sysupdate("update");

  const partitions = await readPartitions(disk);
  const uuids = rootUuidsOf(newer.manifest.rootHash ?? "");
  const written = [
    ["root", PARTITION_TYPES.root, uuids.root],
    ["verity", PARTITION_TYPES["root-verity"], uuids.verity],
    ["root-signature", PARTITION_TYPES["root-verity-sig"], uuids.signature],
  ] as const;
  for (const [kind, typeGuid, uuid] of written) {
    const [first, second, ...others] = partitions.filter((partition) => partition.typeGuid === typeGuid);
    assert.ok(first !== undefined && second !== undefined && others.length === 0);
    assert.deepEqual([first.name, second.name], [`${id}_1.0`, `${id}_1.1`]);
    const file = findFile(newer.folder, newer.manifest, kind);
    assert.equal(second.uuid, uuid);
    assert.equal(second.attributes.readOnly, true);
    const content = await readFile(file);
    assert.ok(
      content.equals(await readPartition(disk, second, content.length)),
      `the ${kind} in the spare slot`,
    );
  }
  const untouched = (list: readonly GptPartition[]) =>
    list.filter(({ name }) => !/_empty$|_1\.1$/.test(name));
  assert.deepEqual(
    untouched(partitions),
    untouched(before),
    "the slot that runs, ESP and /var are as they were",
  );

  const kernels = await readdir(join(esp, "EFI/Linux"));
  assert.equal(kernels.length, 2);
  const kernel = await readFile(join(esp, "EFI/Linux", `${id}_1.1+3-0.efi`));
  assert.ok(kernel.equals(await readFile(findFile(newer.folder, newer.manifest, "uki"))));

  await assert.rejects(sysupdate("check-new"), /exit status 1|failed/, "nothing newer is left");
  assert.match(await sysupdate("list"), /1\.1 .*current/);
});
