/** A copy in which one bit is another: bit 0 is the lowest of byte 0. */
export function flipBit(bytes: Uint8Array, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = bit >> 3;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** The bits whose flip `verify` does not refuse. What it throws must be a refusal that `isRefusal` knows. */
export function findAcceptedFlips(
  bytes: Uint8Array,
  bits: Iterable<number>,
  verify: (changed: Uint8Array) => void,
  isRefusal: (error: unknown) => boolean,
): number[] {
  const accepted: number[] = [];
  for (const bit of bits) {
    try {
      verify(flipBit(bytes, bit));
      accepted.push(bit);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  return accepted;
}

export function* everyBit(bytes: Uint8Array): Generator<number> {
  for (let bit = 0; bit < bytes.length * 8; bit++) yield bit;
}
