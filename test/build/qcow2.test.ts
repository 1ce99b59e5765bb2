import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { planQcow2, QCOW2_CLUSTER_BYTES } from "#boot/qcow2.ts";
import type { DiskPiece } from "#system/diskContent.ts";
import { findIsolation } from "#system/isolation.ts";
import { ToolsTree } from "#system/toolsTree.ts";
import { writeDisk } from "#system/writeDisk.ts";

import { CLONE } from "./workspace.ts";

const tools = new ToolsTree(
  await readFile(join(CLONE, ".socle/tools/current"), "utf8"),
  await findIsolation(),
);
const MIB = 1 << 20;

const noise = Buffer.alloc(20 * MIB);
for (let at = 0, word = 1; at < noise.length; at += 4) {
  word = (Math.imul(word, 1_103_515_245) + 12_345) >>> 0;
  // Every third cluster, and a part of some others, is of zeros.
  if ((at >> 16) % 3 !== 0 && (at >> 12) % 5 !== 0) noise.writeUInt32LE(word, at);
}

const DISKS: Readonly<Record<string, { sizeBytes: number; at: readonly number[] }>> = {
  "a small one, not of whole clusters": { sizeBytes: 21 * MIB + 512, at: [MIB + 512] },
  "a large one with little in it": { sizeBytes: 3 * 1024 * MIB, at: [0, 511 * MIB, 2000 * MIB] },
};

for (const [name, { sizeBytes, at }] of Object.entries(DISKS)) {
  test(`qemu-img would write the same of a disk: ${name}`, async () => {
    const { folder, raw, qcow2 } = await write(sizeBytes, at);
    const wanted = join(folder, "wanted");
    await run(folder, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, wanted);
    await run(folder, "cmp", qcow2, wanted);
    await run(folder, "qemu-img", "check", qcow2);
  });
}

test("qemu-img finds the tables whole where there is more content than one cluster of counts is about", async () => {
  const folder = await mkdtemp(join(tmpdir(), "socle-qcow2-"));
  after(() => rm(folder, { recursive: true }));
  const path = join(folder, "disk.qcow2");
  const file = await open(path, "wx");
  let offset = 0;
  for (const part of planQcow2(10 * 1024 * MIB, Array<boolean>(160 * 1024).fill(true))) {
    if ("bytes" in part) await file.write(part.bytes, 0, part.bytes.length, offset);
    offset += "bytes" in part ? part.bytes.length : part.clusters * QCOW2_CLUSTER_BYTES; // the content is a hole
  }
  await file.truncate(offset);
  await file.close();
  await run(folder, "qemu-img", "check", path);
});

async function write(sizeBytes: number, at: readonly number[]) {
  const folder = await mkdtemp(join(tmpdir(), "socle-qcow2-"));
  after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "noise"), noise);
  const pieces = at.map((offsetBytes): DiskPiece => ({ offsetBytes, file: join(folder, "noise") }));
  const paths = { raw: join(folder, "disk.raw"), qcow2: join(folder, "disk.qcow2") };
  await writeDisk({ sizeBytes, pieces }, paths);
  return { folder, ...paths };
}

async function run(folder: string, ...argv: string[]): Promise<void> {
  await tools.run(argv, { folders: [folder] });
}
