import { createHash } from "node:crypto";

import { parseSha256 } from "#release/sha256.ts";

import type { SlotImageKind, SlotRelease } from "./slotRelease.ts";
import type { BlockDevice, ImageKind, ImageSource, SlotDevices } from "./updateDevices.ts";
import { VERITY_BLOCK_BYTES } from "./veritySuperblock.ts";
import { VerityTreeHash } from "./verityTree.ts";

/** Written bytes that are not flushed yet are in `bytes` as well; `lost` says what the medium had before. */
export class MemoryDevice implements BlockDevice {
  readonly bytes: Buffer;
  writes = 0;
  flushes = 0;
  #unflushed: { readonly offsetBytes: number; readonly before: Buffer }[] = [];
  readonly #beforeWrite: (offsetBytes: number, bytes: Uint8Array) => number;

  /** `beforeWrite` gives the number of bytes that are written; when fewer than all, the power is then gone. */
  constructor(
    bytes: Uint8Array,
    beforeWrite: (offsetBytes: number, bytes: Uint8Array) => number = (_offset, { length }) => length,
  ) {
    this.bytes = Buffer.from(bytes);
    this.#beforeWrite = beforeWrite;
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  async read(offsetBytes: number, sizeBytes: number): Promise<Uint8Array> {
    this.#verifyRange(offsetBytes, sizeBytes);
    return Buffer.from(this.bytes.subarray(offsetBytes, offsetBytes + sizeBytes));
  }

  async write(offsetBytes: number, bytes: Uint8Array): Promise<void> {
    this.#verifyRange(offsetBytes, bytes.length);
    const length = this.#beforeWrite(offsetBytes, bytes);
    this.writes++;
    const before = Buffer.from(this.bytes.subarray(offsetBytes, offsetBytes + length));
    this.#unflushed.push({ offsetBytes, before });
    this.bytes.set(bytes.subarray(0, length), offsetBytes);
    if (length < bytes.length) throw new PowerCut();
  }

  async flush(): Promise<void> {
    this.flushes++;
    this.#unflushed = [];
  }

  /** What the medium holds when these of the unflushed writes, by their place, did not reach it. */
  losing(isLost: (index: number) => boolean): Buffer {
    const bytes = Buffer.from(this.bytes);
    for (const [index, { offsetBytes, before }] of [...this.#unflushed.entries()].toReversed())
      if (isLost(index)) bytes.set(before, offsetBytes);
    return bytes;
  }

  #verifyRange(offsetBytes: number, sizeBytes: number): void {
    if (offsetBytes < 0 || sizeBytes < 0 || offsetBytes + sizeBytes > this.bytes.length)
      throw new RangeError(
        `${sizeBytes} bytes at ${offsetBytes} are not on a device of ${this.bytes.length}`,
      );
  }
}

export class PowerCut extends Error {
  override readonly name = "PowerCut";
}

export type SlotImages = Readonly<Record<SlotImageKind, Buffer>>;

/** A release of as many blocks, each block of its own kind; equal seeds give equal releases. */
export function makeSlotRelease(
  dataBlocks: number,
  seed = "release",
): { readonly images: SlotImages; readonly release: SlotRelease } {
  const root = Buffer.concat(Array.from({ length: dataBlocks }, (_, block) => makeBlock(`${seed} ${block}`)));
  const { verity, rootHash } = makeHashTree(root);
  const signature = Buffer.alloc(VERITY_BLOCK_BYTES);
  signature.write(JSON.stringify({ rootHash, signature: seed }));
  return {
    images: { root, verity, "root-signature": signature },
    release: {
      rootHash: parseSha256(rootHash),
      rootBytes: root.length,
      verityBytes: verity.length,
      signatureBytes: signature.length,
      signatureSha256: parseSha256(createHash("sha256").update(signature).digest("hex")),
    },
  };
}

export function makeHashTree(root: Uint8Array): { verity: Buffer; rootHash: string } {
  const tree = new VerityTreeHash(root.length);
  const first = tree.update(root);
  const { blocks, rootHash } = tree.digest();
  const placed = [...first, ...blocks].toSorted((a, b) => a.offsetBytes - b.offsetBytes);
  return { verity: Buffer.concat(placed.map(({ bytes }) => bytes)), rootHash };
}

function makeBlock(seed: string): Buffer {
  const digest = createHash("sha256").update(seed).digest();
  return Buffer.alloc(VERITY_BLOCK_BYTES, digest);
}

const SIGNATURE_PARTITION_BYTES = 64 * 1024;

export type MemorySlot = SlotDevices & Readonly<Record<keyof SlotDevices, MemoryDevice>>;

/** Partitions with a little room behind the images. What is not given is as an old version would leave it: not zero. */
export function makeMemorySlot(
  images: SlotImages,
  content: Partial<SlotImages> = {},
  beforeWrite?: (offsetBytes: number, bytes: Uint8Array) => number,
): MemorySlot {
  const device = (kind: SlotImageKind, sizeBytes: number) => {
    const bytes = Buffer.alloc(sizeBytes, 0xa5);
    content[kind]?.copy(bytes);
    return new MemoryDevice(bytes, beforeWrite);
  };
  return {
    root: device("root", images.root.length + 8 * VERITY_BLOCK_BYTES),
    verity: device("verity", images.verity.length + 8 * VERITY_BLOCK_BYTES),
    signature: device("root-signature", SIGNATURE_PARTITION_BYTES),
  };
}

export interface SourceRequest {
  readonly kind: ImageKind;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Serves images from memory, in chunks of any length, and keeps what it was asked for. */
export class MemorySource implements ImageSource {
  readonly requests: SourceRequest[] = [];
  readonly #images: SlotImages;
  readonly #chunkBytes: number;

  constructor(images: SlotImages, chunkBytes = 16 * 1024) {
    this.#images = images;
    this.#chunkBytes = chunkBytes;
  }

  async *read(kind: ImageKind, offsetBytes: number, sizeBytes: number): AsyncGenerator<Uint8Array> {
    this.requests.push({ kind, offsetBytes, sizeBytes });
    if (kind === "uki") throw new Error("Nobody asks for a kernel image while a slot is written");
    const end = offsetBytes + sizeBytes;
    for (let start = offsetBytes; start < end; start += this.#chunkBytes)
      yield this.#images[kind].subarray(start, Math.min(start + this.#chunkBytes, end));
  }

  get askedBytes(): number {
    return this.requests.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
}
