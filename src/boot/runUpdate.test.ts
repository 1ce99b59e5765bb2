import assert from "node:assert/strict";
import { test } from "node:test";

import { CrashDisk } from "./crashDisk.fixture.ts";
import { CrashFolder } from "./crashFolder.fixture.ts";
import { readUpdateFacts } from "./readUpdateFacts.ts";
import { runUpdate } from "./runUpdate.ts";
import type { ImageSource } from "./updateDevices.ts";
import { makeMachine } from "./updateMachine.fixture.ts";
import { derivePhase } from "./updatePhase.ts";
import { makeTestRelease, makeTestUki, TEST_ID, toSource } from "./updateRelease.fixture.ts";
import type { TestRelease } from "./updateRelease.fixture.ts";

const V10 = makeTestRelease("1.0");
const V11 = makeTestRelease("1.1");
const START = makeMachine({ slots: { A: V10 }, entries: { "minimal_1.0.efi": V10 } });

function makeDevices(capacityBytes = 1 << 20) {
  const disk = new CrashDisk(START.sectors);
  const bootFolder = new CrashFolder(START.folder, { capacityBytes });
  const readFacts = async () =>
    readUpdateFacts(
      { disk, bootFolder },
      {
        id: TEST_ID,
        running: { version: "1.0", rootHash: V10.release.slot.rootHash },
        bootTries: 3,
        limits: { allowDowngrade: false, retryFailed: false, quarantined: new Set() },
      },
    );
  const run = async (release = V11.release, source: ImageSource = toSource(V11)) => {
    const steps: string[] = [];
    const machine = { disk, bootFolder, source, loader: { bootOnce: () => assert.fail() } };
    const outcome = await runUpdate(machine, release, readFacts, { onStep: ({ kind }) => steps.push(kind) });
    return { outcome, steps };
  };
  return { disk, bootFolder, readFacts, run };
}

/** Changes what a source sends of one image. */
function spoil(
  kind: string,
  change: (bytes: Uint8Array) => Uint8Array,
  { images }: TestRelease = V11,
): ImageSource {
  return {
    async *read(asked, offsetBytes, sizeBytes) {
      const bytes = images[asked].subarray(offsetBytes, offsetBytes + sizeBytes);
      yield asked === kind ? change(bytes) : bytes;
    },
  };
}

function flipLast(bytes: Uint8Array): Uint8Array {
  return bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1);
}

test("an update performs its steps in order, and ends where only a reboot is left", async () => {
  const { run, bootFolder, readFacts } = makeDevices();
  assert.deepEqual(await run(), {
    outcome: { kind: "reboot-needed" },
    steps: ["mark-slot", "write-slot", "verify-slot", "name-slot", "write-uki"],
  });
  assert.deepEqual(
    (await bootFolder.list()).map(({ name }) => name),
    ["minimal_1.0.efi", "minimal_1.1+3-0.efi"],
  );
  assert.equal(derivePhase(await readFacts()).phase, "staged");
  assert.deepEqual((await run()).steps, ["verify-slot"]);
});

const BAD_SOURCES: readonly [what: string, source: ImageSource, code: string][] = [
  ["a changed root", spoil("root", flipLast), "image-tampered"],
  ["a changed hash tree", spoil("verity", flipLast), "image-tampered"],
  ["a changed kernel image", spoil("uki", flipLast), "image-tampered"],
  ["a kernel image without an end", spoil("uki", (bytes) => Buffer.concat([bytes, bytes])), "endless-data"],
  ["a kernel image that ends early", spoil("uki", (bytes) => bytes.subarray(1)), "download-truncated"],
];

for (const [what, source, code] of BAD_SOURCES) {
  test(`${what} starts nothing, and a good source finishes the update`, async () => {
    const { run, bootFolder, readFacts } = makeDevices();
    await assert.rejects(run(V11.release, source), { code });
    const { entries } = (await readFacts()).bootFolder;
    assert.deepEqual(
      entries.map(({ fileName }) => fileName),
      ["minimal_1.0.efi"],
    );
    assert.deepEqual((await run()).outcome, { kind: "reboot-needed" });
    assert.ok((await bootFolder.list()).some(({ name }) => name === "minimal_1.1+3-0.efi"));
  });
}

test("a kernel image that starts another root is not given a name that boots", async () => {
  const uki = makeTestUki("1.1", V10.release.slot.rootHash);
  const mixed = makeTestRelease("1.1", "1.1", uki);
  const { run, bootFolder } = makeDevices();
  await assert.rejects(run(mixed.release, toSource(mixed)), { code: "release-inconsistent" });
  assert.ok((await bootFolder.list()).every(({ name }) => name !== "minimal_1.1+3-0.efi"));
});

test("a refused update changes nothing", async () => {
  const { run, disk, bootFolder } = makeDevices(V10.images.uki.length);
  const { outcome } = await run();
  assert.equal(outcome.kind, "refused");
  assert.deepEqual(disk.sectors, START.sectors);
  assert.deepEqual(bootFolder.state, START.folder);
});

test("an ESP that has less room than it says stops the update, and the old system stays", async () => {
  const { run, bootFolder } = makeDevices(V10.images.uki.length + 10);
  const freeBytes = bootFolder.freeBytes.bind(bootFolder);
  let isLying = true;
  bootFolder.freeBytes = async () => {
    const found = await freeBytes();
    return isLying && found >= 0 ? 1 << 20 : found;
  };
  await assert.rejects(run(), /No space left/);
  isLying = false;
  assert.equal((await run()).outcome.kind, "refused");
  assert.ok((await bootFolder.list()).some(({ name }) => name === "minimal_1.0.efi"));
});

test("an abort stops before the next step", async () => {
  const { disk, bootFolder, readFacts } = makeDevices();
  const controller = new AbortController();
  const machine = { disk, bootFolder, source: toSource(V11), loader: { bootOnce: () => assert.fail() } };
  const onStep = () => controller.abort(new Error("enough"));
  await assert.rejects(
    runUpdate(machine, V11.release, readFacts, { onStep, signal: controller.signal }),
    /enough/,
  );
  assert.equal(derivePhase(await readFacts()).phase, "downloading");
});
