/** GUIDs as a partition table stores them: the first three fields little-endian (UEFI 2.10, appendix A). */

/** Lower case only: two spellings of one GUID must not compare as different. */
export function isGuidText(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

export function encodeGuid(guid: string, into: Buffer, at: number): void {
  into.write(guid.replaceAll("-", ""), at, "hex");
  swapGuidFields(into.subarray(at, at + 16));
}

export function decodeGuid(from: Buffer, at: number): string {
  const bytes = Buffer.from(from.subarray(at, at + 16));
  swapGuidFields(bytes);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function swapGuidFields(bytes: Buffer): void {
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
}
