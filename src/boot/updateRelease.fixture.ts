import { createHash } from "node:crypto";

import { parseSha256 } from "#release/sha256.ts";

import { makeHashTree } from "./memorySlot.fixture.ts";
import type { ImageKind, ImageSource } from "./updateDevices.ts";
import type { UpdateRelease } from "./updateRelease.ts";
import { VERITY_BLOCK_BYTES } from "./veritySuperblock.ts";

export interface TestRelease {
  readonly release: UpdateRelease;
  readonly images: Readonly<Record<ImageKind, Buffer>>;
}

export const TEST_ID = "minimal";
export const TEST_BLOCKS = { root: 8, verity: 2, signature: 1 } as const;

/**
 * A release of some twenty blocks. Releases with the same base have the same root; a quarter of it is
 * the same in all, as most of two versions' blocks are.
 */
export function makeTestRelease(version: string, base = version, ukiBytes?: Buffer): TestRelease {
  const root = Buffer.concat(
    Array.from({ length: TEST_BLOCKS.root }, (_, block) =>
      Buffer.alloc(
        VERITY_BLOCK_BYTES,
        hash(block === 3 || block === 4 ? `common ${block}` : `${base} ${block}`),
      ),
    ),
  );
  const { verity, rootHash } = makeHashTree(root);
  const signature = Buffer.alloc(VERITY_BLOCK_BYTES * TEST_BLOCKS.signature);
  signature.write(JSON.stringify({ rootHash, signature: base }));
  const uki = ukiBytes ?? makeTestUki(version, rootHash);
  return {
    images: { root, verity, "root-signature": signature, uki },
    release: {
      id: TEST_ID,
      version,
      digest: sha256(Buffer.from(`${version} ${rootHash}`)),
      slot: {
        rootHash: parseSha256(rootHash),
        rootBytes: root.length,
        verityBytes: verity.length,
        signatureBytes: signature.length,
        signatureSha256: sha256(signature),
      },
      uki: { sizeBytes: uki.length, sha256: sha256(uki) },
    },
  };
}

/** A portable executable with a command line and a kernel, as far as `readPeText` looks. */
export function makeTestUki(version: string, rootHash: string): Buffer {
  const sections = [
    { name: ".cmdline", content: Buffer.from(`ro roothash=${rootHash} panic=5\0`) },
    { name: ".linux", content: Buffer.alloc(700, version) },
  ];
  const headers = Buffer.alloc(512);
  headers.write("MZ", 0);
  headers.writeUInt32LE(0x80, 0x3c);
  headers.write("PE\0\0", 0x80);
  headers.writeUInt16LE(sections.length, 0x86);
  headers.writeUInt16LE(112, 0x94);
  headers.writeUInt16LE(0x20b, 0x98);
  let at = headers.length;
  for (const [index, { name, content }] of sections.entries()) {
    const header = headers.subarray(0x98 + 112 + index * 40);
    header.write(name, 0);
    for (const [offset, value] of [
      [8, content.length],
      [16, content.length],
      [20, at],
    ] as const)
      header.writeUInt32LE(value, offset);
    at += content.length;
  }
  return Buffer.concat([headers, ...sections.map(({ content }) => content)]);
}

export function toSource({ images }: TestRelease): ImageSource {
  return {
    async *read(kind, offsetBytes, sizeBytes) {
      yield images[kind].subarray(offsetBytes, offsetBytes + sizeBytes);
    },
  };
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function sha256(bytes: Buffer) {
  return parseSha256(createHash("sha256").update(bytes).digest("hex"));
}
