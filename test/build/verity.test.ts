import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { encodeVeritySuperblock, parseVeritySuperblock, VERITY_BLOCK_BYTES } from "#boot/veritySuperblock.ts";
import { VerityTreeHash } from "#boot/verityTree.ts";
import { makeMemorySlot, makeSlotRelease, MemorySource } from "#boot/memorySlot.fixture.ts";
import { verifySlot } from "#boot/verifySlot.ts";
import { writeSlot } from "#boot/writeSlot.ts";
import { findIsolation } from "#system/isolation.ts";
import { ToolsTree } from "#system/toolsTree.ts";
import { flipBit } from "#trust/flipBit.fixture.ts";

import { CLONE } from "./workspace.ts";

const tools = new ToolsTree(
  await readFile(join(CLONE, ".socle/tools/current"), "utf8"),
  await findIsolation(),
);
const folder = await mkdtemp(join(tmpdir(), "socle-verity-"));
after(() => rm(folder, { recursive: true }));

/** One block, a full and an overfull block of hashes, two and three levels of them. */
const SIZES = [1, 2, 127, 128, 129, 1000, 16_384, 16_385];

async function run(script: string, args: readonly string[] = []): Promise<string> {
  const { stdout } = await tools.runScript(`cd "$1"; shift; ${script}`, [folder, ...args], {
    folders: [folder],
  });
  return stdout;
}

/** As in src/image/packRoot.ts. */
const FORMAT =
  'veritysetup format --salt= --uuid=00000000-0000-0000-0000-000000000000 --root-hash-file=roothash "$1" "$2" >/dev/null; cat roothash';

function* makeData(blocks: number): Generator<Buffer> {
  for (let block = 0; block < blocks; block++)
    yield Buffer.alloc(VERITY_BLOCK_BYTES, createHash("sha512").update(`${blocks} ${block}`).digest());
}

async function writeData(name: string, blocks: number): Promise<void> {
  await using file = await open(join(folder, name), "w");
  for (const block of makeData(blocks)) await file.write(block);
}

function computeTree(blocks: number): { tree: Buffer; rootHash: string } {
  const hash = new VerityTreeHash(blocks * VERITY_BLOCK_BYTES);
  const placed = [...makeData(blocks)].flatMap((block) => hash.update(block));
  const { blocks: last, rootHash } = hash.digest();
  const ordered = [...placed, ...last].toSorted((a, b) => a.offsetBytes - b.offsetBytes);
  return { tree: Buffer.concat(ordered.map(({ bytes }) => bytes)), rootHash };
}

for (const blocks of SIZES) {
  test(`the tree of ${blocks} blocks is that of veritysetup, bit for bit`, async () => {
    await writeData("data", blocks);
    const rootHash = (await run(FORMAT, ["data", "tree"])).trim();
    const expected = await readFile(join(folder, "tree"));
    const computed = computeTree(blocks);
    assert.equal(computed.rootHash, rootHash);
    assert.equal(Buffer.compare(computed.tree, expected), 0);
    assert.deepEqual(parseVeritySuperblock(expected), { dataBlocks: blocks });
    await run("rm data tree roothash");
  });
}

test("a superblock with a salt, a UUID, another hash, block size or format is refused", async () => {
  await writeData("data", 3);
  const variants = [
    "--salt=00",
    "--uuid=00000000-0000-0000-0000-000000000001",
    "--hash=sha512",
    "--data-block-size=1024",
    "--hash-block-size=1024",
    "--format=0",
  ];
  for (const variant of variants) {
    const base = ["--salt=-", "--uuid=00000000-0000-0000-0000-000000000000"].filter(
      (option) => !variant.startsWith(option.slice(0, 6)),
    );
    await run('rm -f tree; veritysetup format "$@" data tree >/dev/null', [...base, variant]);
    const tree = await readFile(join(folder, "tree"));
    assert.throws(() => parseVeritySuperblock(tree), { code: "hash-tree-malformed" }, variant);
  }
});

test("veritysetup reads a slot that was written block by block, and both refuse the same flipped bits", async () => {
  const { images, release } = makeSlotRelease(300);
  const slot = makeMemorySlot(images);
  await writeSlot(slot, new MemorySource(images), release);
  await writeFile(join(folder, "root"), slot.root.bytes);
  await writeFile(join(folder, "verity"), slot.verity.bytes);
  await run("veritysetup verify root verity $1", [release.rootHash]);

  // In data and in each level of the tree; not in the superblock, most of which veritysetup ignores.
  const bits: ["root" | "verity", number][] = [
    ["root", 0],
    ["root", (release.rootBytes - 1) * 8 + 7],
    ["root", 150 * VERITY_BLOCK_BYTES * 8 + 1],
    ["verity", VERITY_BLOCK_BYTES * 8],
    ["verity", VERITY_BLOCK_BYTES * 8 + 3 * 256], // behind the last hash
    ["verity", 2 * VERITY_BLOCK_BYTES * 8 + 3],
    ["verity", 4 * VERITY_BLOCK_BYTES * 8 + 5],
  ];
  for (const [name, bit] of bits) {
    const whole = Buffer.from(slot[name].bytes);
    const flipped = flipBit(whole, bit);
    await writeFile(join(folder, name), flipped);
    const output = await run("veritysetup verify root verity $1 2>&1 || echo refused", [release.rootHash]);
    assert.match(output, /refused/, `${name}, bit ${bit}: veritysetup`);
    slot[name].bytes.set(flipped);
    await assert.rejects(verifySlot(slot, release), { code: "slot-damaged" }, `${name}, bit ${bit}`);
    slot[name].bytes.set(whole);
    await writeFile(join(folder, name), whole);
  }
  await verifySlot(slot, release);
});

test("a superblock that is written here is one to veritysetup", async () => {
  await writeFile(join(folder, "superblock"), encodeVeritySuperblock({ dataBlocks: 300 }));
  const output = await run("veritysetup dump superblock");
  assert.match(output, /Hash type:\s+1\n/);
  assert.match(output, /Data blocks:\s+300\n/);
  assert.match(output, /Hash algorithm:\s+sha256\n/);
  assert.match(output, /Salt:\s+-\n/);
});
