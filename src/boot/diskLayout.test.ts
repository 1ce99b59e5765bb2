import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { LEVELS } from "#definition/levels.ts";

import { planDiskLayout, toGpt } from "./diskLayout.ts";
import { DiskLayoutError } from "./diskLayoutFit.ts";
import type { DiskContents, DiskLayoutErrorCode } from "./diskLayoutFit.ts";
import { decodeGpt, encodeGpt } from "./gpt.ts";
import { PARTITION_TYPES } from "./partitionTypes.ts";
import { systemUuidOf } from "./partitionUuids.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const DISK = {
  sizeBytes: 2 * GIB,
  espSizeBytes: 128 * MIB,
  rootSlotSizeBytes: 700 * MIB,
  veritySlotSizeBytes: 8 * MIB,
};
const SEMI = { id: "minimal", version: "1.0.0", policies: LEVELS.semi, disk: DISK };
const CONTENTS: DiskContents = {
  espFilesBytes: 45 * MIB,
  rootImageBytes: 300 * MIB,
  verity: {
    rootHash: "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210",
    hashTreeBytes: 3 * MIB,
  },
};
const CLASSIC = { ...SEMI, policies: LEVELS.classic };
const CLASSIC_CONTENTS: DiskContents = { espFilesBytes: 20 * MIB, rootImageBytes: 600 * MIB };

const T = PARTITION_TYPES;
const READ_ONLY = { readOnly: true };
const GROW = { growFileSystem: true };

test("a verified system has an ESP, two slots of root, hash tree and signature, and /var in what is left", () => {
  const layout = planDiskLayout(SEMI, CONTENTS);
  assert.equal(layout.diskGuid, systemUuidOf("minimal", "disk"));
  assert.deepEqual(
    layout.partitions.map((p) => [
      p.number,
      p.role,
      p.typeGuid,
      p.uuid,
      p.name,
      p.offsetBytes / MIB,
      p.sizeBytes / MIB,
      p.attributes,
    ]),
    [
      [1, "esp", T.esp, systemUuidOf("minimal", "esp"), "esp", 1, 128, {}],
      [2, "root-a", T.root, "00112233-4455-6677-8899-aabbccddeeff", "minimal_1.0.0", 129, 700, READ_ONLY],
      [
        3,
        "verity-a",
        T["root-verity"],
        "01234567-89ab-cdef-fedc-ba9876543210",
        "minimal_1.0.0",
        829,
        8,
        READ_ONLY,
      ],
      [
        4,
        "signature-a",
        T["root-verity-sig"],
        "8899aabb-ccdd-eeff-0123-456789abcdef",
        "minimal_1.0.0",
        837,
        1,
        READ_ONLY,
      ],
      [5, "root-b", T.root, systemUuidOf("minimal", "root-b"), "_empty", 838, 700, READ_ONLY],
      [6, "verity-b", T["root-verity"], systemUuidOf("minimal", "verity-b"), "_empty", 1538, 8, READ_ONLY],
      [
        7,
        "signature-b",
        T["root-verity-sig"],
        systemUuidOf("minimal", "signature-b"),
        "_empty",
        1546,
        1,
        READ_ONLY,
      ],
      [8, "var", T.var, systemUuidOf("minimal", "var"), "var", 1547, 500, GROW],
    ],
  );
});

test("a system without a lasting /var has no partition for it", () => {
  const roles = planDiskLayout({ ...SEMI, policies: LEVELS.total }, CONTENTS).partitions.map(
    ({ role }) => role,
  );
  assert.deepEqual(roles, ["esp", "root-a", "verity-a", "signature-a", "root-b", "verity-b", "signature-b"]);
});

test("a classic system has one writable root in what is left", () => {
  const { partitions } = planDiskLayout(CLASSIC, CLASSIC_CONTENTS);
  assert.deepEqual(
    partitions.map((p) => [
      p.number,
      p.role,
      p.typeGuid,
      p.uuid,
      p.name,
      p.offsetBytes / MIB,
      p.sizeBytes / MIB,
      p.attributes,
    ]),
    [
      [1, "esp", T.esp, systemUuidOf("minimal", "esp"), "esp", 1, 128, {}],
      [2, "root-a", T.root, systemUuidOf("minimal", "root"), "minimal_1.0.0", 129, 1918, GROW],
    ],
  );
});

const neededMib = 1 + 128 + 2 * (700 + 8 + 1) + 64 + 1;
const REFUSED: readonly [string, typeof SEMI, DiskContents, DiskLayoutErrorCode, RegExp, RegExp][] = [
  [
    "a disk one MiB too small",
    { ...SEMI, disk: { ...DISK, sizeBytes: (neededMib - 1) * MIB } },
    CONTENTS,
    "disk-too-small",
    /a disk of 1611 MiB: its partitions need 1612 MiB \(esp 128 MiB, root-a 700 MiB, .*var at least 64 MiB/,
    /disk\.size .* 1612 MiB/,
  ],
  [
    "a disk that is not whole sectors",
    { ...SEMI, disk: { ...DISK, sizeBytes: 2 * GIB + 1 } },
    CONTENTS,
    "size-not-sectors",
    /2147483649 bytes/,
    /disk\.size/,
  ],
  [
    "a root image over its slot",
    SEMI,
    { ...CONTENTS, rootImageBytes: 700 * MIB + 1 },
    "slot-too-small",
    /root image needs 734003201 bytes, the root slot has 734003200/,
    /disk\.rootSlot to 701 MiB/,
  ],
  [
    "a root and a hash tree over their slots",
    SEMI,
    { ...CONTENTS, rootImageBytes: GIB, verity: { ...CONTENTS.verity!, hashTreeBytes: 9 * MIB } },
    "slot-too-small",
    /root image .*; the hash tree needs/,
    /disk\.rootSlot to 1024 MiB and disk\.veritySlot to 9 MiB/,
  ],
  [
    "boot files that fill the ESP to the brim",
    SEMI,
    { ...CONTENTS, espFilesBytes: 128 * MIB },
    "slot-too-small",
    /boot files need/,
    /disk\.esp/,
  ],
  [
    "a name that leaves no room for an update's mark",
    { ...SEMI, version: "1.0.0-a.long.version.number" },
    CONTENTS,
    "name-too-long",
    /has 35 characters, wanted at most 32/,
    /Shorten/,
  ],
];
for (const [what, definition, contents, code, message, hint] of REFUSED) {
  test(`${what} is refused and says what to change`, () => {
    assert.throws(
      () => planDiskLayout(definition, contents),
      (error) => {
        assert.ok(error instanceof DiskLayoutError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.match(error.hint ?? "", hint);
        return true;
      },
    );
  });
}

test("the smallest disk that is accepted is filled to the last MiB", () => {
  const { partitions } = planDiskLayout({ ...SEMI, disk: { ...DISK, sizeBytes: neededMib * MIB } }, CONTENTS);
  assert.equal(partitions.at(-1)?.sizeBytes, 64 * MIB);
});

test("every layout is a partition table that can be written, aligned and without gaps", () => {
  const size = (mostMib: number) => fc.integer({ min: 50 * MIB, max: mostMib * MIB });
  fc.assert(
    fc.property(
      size(600),
      size(900),
      size(90),
      fc.integer({ min: 5000, max: 9_000_000 }),
      fc.constantFrom("semi", "sealed", "total", "classic"),
      (espSizeBytes, rootSlotSizeBytes, veritySlotSizeBytes, sectors, level) => {
        const disk = {
          sizeBytes: 2700 * MIB + sectors * 512,
          espSizeBytes,
          rootSlotSizeBytes,
          veritySlotSizeBytes,
        };
        const contents = {
          espFilesBytes: MIB,
          rootImageBytes: MIB,
          ...(level === "classic" ? {} : { verity: CONTENTS.verity! }),
        };
        const layout = planDiskLayout({ ...SEMI, policies: LEVELS[level], disk }, contents);
        for (const [index, partition] of layout.partitions.entries()) {
          const previous = layout.partitions[index - 1];
          assert.equal(
            partition.offsetBytes,
            previous === undefined ? MIB : previous.offsetBytes + previous.sizeBytes,
          );
          assert.equal(partition.sizeBytes % MIB, 0);
        }
        assert.deepEqual(decodeGpt(encodeGpt(toGpt(layout)).protectiveMbrAndPrimary), toGpt(layout));
      },
    ),
  );
});

test("UUIDs outside the verified slot stay the same in the next version", () => {
  const next = { ...CONTENTS, verity: { rootHash: "f".repeat(64), hashTreeBytes: MIB } };
  const uuids = (layout: ReturnType<typeof planDiskLayout>) => layout.partitions.map(({ uuid }) => uuid);
  const [before, after] = [
    uuids(planDiskLayout(SEMI, CONTENTS)),
    uuids(planDiskLayout({ ...SEMI, version: "1.0.1" }, next)),
  ];
  assert.deepEqual(
    before.map((uuid, i) => uuid === after[i]),
    [true, false, false, false, true, true, true, true],
  );
});
