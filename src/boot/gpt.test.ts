import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";

import fc from "fast-check";

import { decodeGpt, encodeGpt } from "./gpt.ts";
import { GptError, SECTOR_BYTES } from "./gptTable.ts";
import type { Gpt, GptErrorCode, GptPartition } from "./gptTable.ts";
import { PARTITION_TYPES } from "./partitionTypes.ts";

const MIB = 1024 * 1024;

const EXAMPLE: Gpt = {
  diskGuid: "01234567-89ab-8def-8123-456789abcdef",
  sizeBytes: 64 * MIB,
  partitions: [
    {
      number: 1,
      typeGuid: PARTITION_TYPES.esp,
      uuid: "11111111-1111-8111-8111-111111111111",
      name: "esp",
      firstSector: 2048,
      lastSector: 18_431,
      attributes: {},
    },
    {
      number: 3,
      typeGuid: PARTITION_TYPES["root-verity"],
      uuid: "22222222-2222-8222-8222-222222222222",
      name: "minimal_1.0.0",
      firstSector: 18_432,
      lastSector: 34_815,
      attributes: { readOnly: true },
    },
    {
      number: 4,
      typeGuid: PARTITION_TYPES.var,
      uuid: "33333333-3333-8333-8333-333333333333",
      name: "var",
      firstSector: 34_816,
      lastSector: 131_038,
      attributes: { growFileSystem: true, noAuto: true },
    },
  ],
};

test("a known table keeps its bytes", () => {
  const { protectiveMbrAndPrimary, backup } = encodeGpt(EXAMPLE);
  assert.equal(protectiveMbrAndPrimary.length, 34 * SECTOR_BYTES);
  assert.equal(backup.length, 33 * SECTOR_BYTES);
  assert.equal(
    protectiveMbrAndPrimary.toString("hex", 446, 512),
    `00000200eeffffff01000000ffff0100${"00".repeat(48)}55aa`,
  );
  assert.equal(
    protectiveMbrAndPrimary.toString("hex", 512, 512 + 92),
    "4546492050415254000001005c000000296f160a000000000100000000000000ffff0100000000002200000000000000deff01000000000067452301ab89ef8d8123456789abcdef02000000000000008000000080000000e1454470",
  );
  assert.equal(
    protectiveMbrAndPrimary.toString("hex", 1024 + 256, 1024 + 256 + 88),
    "ed57732cd2ebd946aec123d437ec2bf5222222222222228282222222222222220048000000000000ff8700000000000000000000000000106d0069006e0069006d0061006c005f0031002e0030002e003000000000000000",
  );
});

test("the backup holds the same entries and points back at the primary", () => {
  const { protectiveMbrAndPrimary, backup } = encodeGpt(EXAMPLE);
  assert.deepEqual(backup.subarray(0, 32 * SECTOR_BYTES), protectiveMbrAndPrimary.subarray(2 * SECTOR_BYTES));
  const header = backup.subarray(32 * SECTOR_BYTES);
  assert.equal(header.readBigUInt64LE(24), 131_071n);
  assert.equal(header.readBigUInt64LE(32), 1n);
  assert.equal(header.readBigUInt64LE(72), 131_039n);
});

/** Tables with one to six partitions, gaps in numbers and on disk, any name and attributes. */
const anyGpt: fc.Arbitrary<Gpt> = fc
  .record({
    diskGuid: fc.uuid(),
    partitions: fc.uniqueArray(
      fc.record({
        number: fc.integer({ min: 1, max: 128 }),
        typeGuid: fc.constantFrom(...Object.values(PARTITION_TYPES)),
        uuid: fc.uuid(),
        name: fc.string({ unit: "binary", maxLength: 18 }).filter((name) => !name.includes("\0")),
        gapSectors: fc.integer({ min: 0, max: 5000 }),
        sectors: fc.integer({ min: 1, max: 100_000 }),
        attributes: fc.record(
          { readOnly: fc.constant(true), noAuto: fc.constant(true), growFileSystem: fc.constant(true) },
          { requiredKeys: [] },
        ),
      }),
      { maxLength: 6, selector: (partition) => partition.number },
    ),
    tailSectors: fc.integer({ min: 34, max: 5000 }),
  })
  .filter(({ partitions }) => new Set(partitions.map(({ uuid }) => uuid)).size === partitions.length)
  .map(({ diskGuid, partitions, tailSectors }) => {
    let next = 34;
    const placed: GptPartition[] = [];
    for (const { gapSectors, sectors, ...partition } of partitions.toSorted((a, b) => a.number - b.number)) {
      const firstSector = next + gapSectors;
      placed.push({ ...partition, firstSector, lastSector: firstSector + sectors - 1 });
      next = firstSector + sectors;
    }
    return { diskGuid, sizeBytes: (next + tailSectors) * SECTOR_BYTES, partitions: placed };
  });

test("every table is read back as it was written", () => {
  fc.assert(
    fc.property(anyGpt, (gpt) => {
      const { protectiveMbrAndPrimary } = encodeGpt(gpt);
      assert.deepEqual(
        JSON.parse(JSON.stringify(decodeGpt(protectiveMbrAndPrimary))),
        JSON.parse(JSON.stringify(gpt)),
      );
    }),
  );
});

test("a flipped bit anywhere in header or entries is noticed", () => {
  const { protectiveMbrAndPrimary } = encodeGpt(EXAMPLE);
  const checkedBits = [
    fc.integer({ min: 512 * 8, max: (512 + 92) * 8 - 1 }),
    fc.integer({ min: 1024 * 8, max: 34 * 512 * 8 - 1 }),
  ];
  fc.assert(
    fc.property(fc.oneof(...checkedBits), (bit) => {
      const damaged = Buffer.from(protectiveMbrAndPrimary);
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      assert.throws(() => decodeGpt(damaged), GptError);
    }),
  );
});

test("an attribute bit that would be lost on writing back is refused", () => {
  const { protectiveMbrAndPrimary: bytes } = encodeGpt(EXAMPLE);
  bytes.writeBigUInt64LE(4n, 1024 + 48); // legacy BIOS bootable
  bytes.writeUInt32LE(crc32(bytes.subarray(1024)), 512 + 88);
  bytes.writeUInt32LE(0, 512 + 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(512, 512 + 92)), 512 + 16);
  assertRefused(() => decodeGpt(bytes), "unsupported", /partition 1 has attribute bits 0x4/);
});

const [esp, verity] = EXAMPLE.partitions as [GptPartition, GptPartition];
const UNWRITABLE: readonly [string, Gpt, RegExp][] = [
  ["a disk that is not whole sectors", { ...EXAMPLE, sizeBytes: 64 * MIB + 1 }, /multiple of 512/],
  ["an upper-case disk GUID", { ...EXAMPLE, diskGuid: EXAMPLE.diskGuid.toUpperCase() }, /lower-case GUID/],
  [
    "an overlap",
    { ...EXAMPLE, partitions: [esp, { ...verity, firstSector: esp.lastSector }] },
    /1 and 3 overlap/,
  ],
  [
    "a number used twice",
    { ...EXAMPLE, partitions: [esp, { ...verity, number: 1 }] },
    /two partitions have number 1/,
  ],
  ["a UUID used twice", { ...EXAMPLE, partitions: [esp, { ...verity, uuid: esp.uuid }] }, /same UUID/],
  ["a long name", { ...EXAMPLE, partitions: [{ ...esp, name: "x".repeat(37) }] }, /at most 36 UTF-16 units/],
  [
    "a partition in the table",
    { ...EXAMPLE, partitions: [{ ...esp, firstSector: 33 }] },
    /inside 34 to 131038/,
  ],
  [
    "a partition in the backup",
    { ...EXAMPLE, partitions: [{ ...esp, lastSector: 131_039 }] },
    /inside 34 to 131038/,
  ],
];
for (const [what, gpt, pattern] of UNWRITABLE) {
  test(`${what} is refused before anything is written`, () =>
    assertRefused(() => encodeGpt(gpt), "not-encodable", pattern));
}

const UNREADABLE: readonly [string, Buffer, GptErrorCode, RegExp][] = [
  ["an empty disk", Buffer.alloc(34 * 512), "malformed", /wanted "EFI PART"/],
  ["a cut one", encodeGpt(EXAMPLE).protectiveMbrAndPrimary.subarray(1), "malformed", /found 17407 bytes/],
];
for (const [what, bytes, code, pattern] of UNREADABLE) {
  test(`${what} is refused when read`, () => assertRefused(() => decodeGpt(bytes), code, pattern));
}

/** Runs a tool that Debian keeps in /usr/sbin, which is not in everyone's PATH. */
const run = (command: string, args: string[]) =>
  spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` },
  });
const hasSfdisk = run("sfdisk", ["--version"]).status === 0;

test(
  "sfdisk finds no fault and reads the same table",
  { skip: !hasSfdisk && "sfdisk (package fdisk) is not installed" },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "gpt-"));
    try {
      const disk = join(folder, "disk.raw");
      const { protectiveMbrAndPrimary, backup } = encodeGpt(EXAMPLE);
      await using file = await open(disk, "w");
      await file.write(protectiveMbrAndPrimary, 0, undefined, 0);
      await file.write(backup, 0, undefined, EXAMPLE.sizeBytes - backup.length);

      const verified = run("sfdisk", ["--verify", disk]);
      assert.equal(verified.status, 0, verified.stderr);
      assert.match(verified.stdout, /No errors detected/);
      const { partitiontable } = JSON.parse(run("sfdisk", ["--json", disk]).stdout) as {
        partitiontable: {
          id: string;
          partitions: {
            node: string;
            start: number;
            size: number;
            type: string;
            uuid: string;
            name: string;
            attrs?: string;
          }[];
        };
      };
      assert.equal(partitiontable.id.toLowerCase(), EXAMPLE.diskGuid);
      assert.deepEqual(
        partitiontable.partitions.map(({ node, start, size, type, uuid, name, attrs }) => [
          node.slice(disk.length),
          start,
          start + size - 1,
          type.toLowerCase(),
          uuid.toLowerCase(),
          name,
          attrs,
        ]),
        EXAMPLE.partitions.map(({ number, firstSector, lastSector, typeGuid, uuid, name }) => [
          String(number),
          firstSector,
          lastSector,
          typeGuid,
          uuid,
          name,
          { 1: undefined, 3: "GUID:60", 4: "GUID:59,63" }[number],
        ]),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

function assertRefused(work: () => unknown, code: GptErrorCode, message: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof GptError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}
