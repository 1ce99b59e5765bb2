import { SECTOR_BYTES } from "./gptTable.ts";
import type { BlockDevice } from "./updateDevices.ts";

/** Every content of a sector that ever occurs, once: states of a disk are compared and copied as numbers. */
const contents: Buffer[] = [];
const numberOf = new Map<string, number>();

/** `likely`: what each sector may well be; only saves time. */
export function toSectors(
  bytes: Buffer,
  likely: (index: number) => Iterable<number> = () => [],
): Uint32Array {
  return Uint32Array.from({ length: bytes.length / SECTOR_BYTES }, (_, index) => {
    const at = index * SECTOR_BYTES;
    for (const number of likely(index)) {
      const content = contents[number];
      if (content?.compare(bytes, at, at + SECTOR_BYTES) === 0) return number;
    }
    const text = bytes.toString("latin1", at, at + SECTOR_BYTES);
    let number = numberOf.get(text);
    if (number === undefined) {
      number = contents.length;
      contents.push(Buffer.from(text, "latin1"));
      numberOf.set(text, number);
    }
    return number;
  });
}

export function toBytes(sectors: Uint32Array): Buffer {
  const bytes = Buffer.allocUnsafe(sectors.length * SECTOR_BYTES);
  for (const [index, number] of sectors.entries()) bytes.set(contents[number] ?? [], index * SECTOR_BYTES);
  return bytes;
}

export interface CrashDiskOptions {
  /** Called when something is on its way to the medium that was not before. */
  readonly onOperation?: () => void;
  /** Throws for sectors that nobody may write. */
  readonly verifyWrite?: (sector: number) => void;
  /** A disk that says that it has flushed, and has not. */
  readonly isLying?: boolean;
}

/** What was written to each sector of any disk lately. */
const lately: number[][] = [];

/** A disk that may lose any of the sectors that were written since the last flush, and keeps a sector whole. */
export class CrashDisk implements BlockDevice {
  readonly #options: CrashDiskOptions;
  #durable: Uint32Array;
  #current: Uint32Array;
  /** What a sector is to become, in the order of the writes. */
  #pending = new Map<number, number[]>();

  constructor(sectors: Uint32Array, options: CrashDiskOptions = {}) {
    this.#durable = sectors;
    this.#current = sectors.slice();
    this.#options = options;
  }

  get sizeBytes(): number {
    return this.#durable.length * SECTOR_BYTES;
  }

  /** What is read, now: good until the next write. */
  get sectors(): Uint32Array {
    return this.#current;
  }

  async read(offsetBytes: number, sizeBytes: number): Promise<Uint8Array> {
    const first = offsetBytes / SECTOR_BYTES;
    return toBytes(this.#current.subarray(first, first + sizeBytes / SECTOR_BYTES));
  }

  async write(offsetBytes: number, bytes: Uint8Array): Promise<void> {
    const first = offsetBytes / SECTOR_BYTES;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const written = toSectors(buffer, (index) => lately[first + index] ?? []);
    for (const [index, content] of written.entries()) {
      const sector = first + index;
      this.#options.verifyWrite?.(sector);
      const known = (lately[sector] ??= []);
      if (!known.includes(content)) lately[sector] = [content, ...known.slice(0, 3)];
      if (this.#current[sector] === content) continue;
      this.#current[sector] = content;
      this.#pending.set(sector, [...(this.#pending.get(sector) ?? []), content]);
    }
    if (this.#pending.size > 0) this.#options.onOperation?.();
  }

  async flush(): Promise<void> {
    if (this.#options.isLying) return;
    this.#durable = this.#current.slice();
    this.#pending = new Map();
  }

  /** What the medium can hold after a power cut now: all of it, or at most `limit` cases, drawn with `random`. */
  listCrashes(limit: number, random: () => number): Uint32Array[] {
    const pending = [...this.#pending];
    const count = pending.reduce((product, [, versions]) => product * (versions.length + 1), 1);
    const crash = (choose: (versions: readonly number[], index: number) => number): Uint32Array => {
      const sectors = this.#durable.slice();
      for (const [index, [sector, versions]] of pending.entries()) {
        const choice = choose(versions, index);
        if (choice > 0) sectors[sector] = versions[choice - 1] ?? 0;
      }
      return sectors;
    };
    if (count <= limit) {
      return Array.from({ length: count }, (_, combination) => {
        let rest = combination;
        return crash((versions) => {
          const choice = rest % (versions.length + 1);
          rest = Math.floor(rest / (versions.length + 1));
          return choice;
        });
      });
    }
    const draw = (): Uint32Array => {
      const share = random();
      const cut = Math.floor(random() * pending.length);
      // Half of the cases lose any sectors, half lose all after one, with a few lost before it.
      const isLost =
        random() < 0.5 ? () => random() > share : (index: number) => index > cut || random() < 0.05;
      return crash((versions, index) => (isLost(index) ? 0 : 1 + Math.floor(random() * versions.length)));
    };
    return [crash(() => 0), crash((versions) => versions.length), ...Array.from({ length: limit - 2 }, draw)];
  }
}

/** Numbers from 0 to 1 that are the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
