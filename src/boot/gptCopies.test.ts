import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { CrashDisk, seededRandom, toBytes, toSectors } from "./crashDisk.fixture.ts";
import { decodeGpt, encodeGpt } from "./gpt.ts";
import { changeGpt, decodeBackupGpt, readGptCopies } from "./gptCopies.ts";
import { SECTOR_BYTES } from "./gptTable.ts";
import type { Gpt } from "./gptTable.ts";
import { markSlotPartial } from "./slots.ts";
import { makeTestTable } from "./updateFacts.fixture.ts";

const BEFORE = makeTestTable();
const AFTER = markSlotPartial(BEFORE, "minimal", "B", "1.1");

function makeDisk(primary: Gpt = BEFORE, backup: Gpt = primary, moreBytes = 0): Buffer {
  const disk = Buffer.alloc(BEFORE.sizeBytes + moreBytes);
  encodeGpt(primary).protectiveMbrAndPrimary.copy(disk, 0);
  const bytes = encodeGpt(backup).backup;
  bytes.copy(disk, BEFORE.sizeBytes - bytes.length);
  return disk;
}

function damage(disk: Buffer, offsetBytes: number): Buffer {
  const bytes = Buffer.from(disk);
  bytes.writeUInt8(bytes.readUInt8(offsetBytes) ^ 1, offsetBytes);
  return bytes;
}

const PRIMARY_HEADER = SECTOR_BYTES + 56;
const BACKUP_HEADER = BEFORE.sizeBytes - SECTOR_BYTES + 56;

test("the backup is read as the table that the primary is", () => {
  assert.deepEqual(decodeBackupGpt(encodeGpt(BEFORE).backup), BEFORE);
});

test("the primary counts while it is valid, else the backup, else there is no table", async () => {
  const read = async (bytes: Buffer) => readGptCopies(new CrashDisk(toSectors(bytes)));
  const both = makeDisk(BEFORE, AFTER);
  assert.deepEqual(await read(makeDisk()), { gpt: BEFORE, isPrimaryValid: true, isSound: true });
  assert.deepEqual(await read(both), { gpt: BEFORE, isPrimaryValid: true, isSound: false });
  assert.deepEqual(await read(damage(both, PRIMARY_HEADER)), {
    gpt: AFTER,
    isPrimaryValid: false,
    isSound: false,
  });
  assert.deepEqual(await read(damage(both, BACKUP_HEADER)), {
    gpt: BEFORE,
    isPrimaryValid: true,
    isSound: false,
  });
  await assert.rejects(read(damage(damage(both, PRIMARY_HEADER), BACKUP_HEADER)), { code: "checksum" });
});

test("a backup that belongs to another place of the disk is not believed", () => {
  const bytes = Buffer.from(encodeGpt(BEFORE).backup);
  assert.throws(() => decodeBackupGpt(damage(bytes, bytes.length - SECTOR_BYTES + 24)), { code: "checksum" });
  assert.throws(() => decodeBackupGpt(encodeGpt(BEFORE).protectiveMbrAndPrimary), { code: "checksum" });
});

const DISKS: readonly [what: string, disk: Buffer][] = [
  ["two equal copies", makeDisk()],
  ["a backup that is behind", makeDisk(BEFORE, AFTER)],
  ["no primary", damage(makeDisk(), PRIMARY_HEADER)],
  ["no backup", damage(makeDisk(), BACKUP_HEADER)],
  ["a backup that is not at the end, as the disk has grown", makeDisk(BEFORE, BEFORE, 16 * SECTOR_BYTES)],
];

for (const [what, start] of DISKS) {
  test(`a table is valid at every moment while it changes, from ${what}`, async () => {
    const seen = new Set<string>();
    let checks = Promise.resolve();
    const disk: CrashDisk = new CrashDisk(toSectors(start), {
      onOperation: () => {
        for (const sectors of disk.listCrashes(1000, seededRandom(1)))
          checks = checks.then(() => check(sectors));
      },
      verifyWrite: (sector) => assert.notEqual(sector, 0, "the protective MBR"),
    });
    const check = async (sectors: Uint32Array): Promise<void> => {
      const { gpt } = await readGptCopies(new CrashDisk(sectors));
      const isKnown = [BEFORE, AFTER].find(({ partitions }) => isDeepStrictEqual(partitions, gpt.partitions));
      seen.add(isKnown === AFTER ? "after" : isKnown === BEFORE ? "before" : "neither");
    };
    await changeGpt(disk, () => AFTER);
    await checks;
    assert.deepEqual([...seen].sort(), ["after", "before"]);
    const { gpt, isSound } = await readGptCopies(disk);
    assert.deepEqual({ gpt, isSound }, { gpt: { ...AFTER, sizeBytes: disk.sizeBytes }, isSound: true });
    assert.deepEqual(decodeGpt(toBytes(disk.sectors)), gpt);
  });
}
