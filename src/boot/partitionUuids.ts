import { createHash } from "node:crypto";

import { SocleError } from "#progress/socleError.ts";

/**
 * Where partition UUIDs come from: never from chance, so that the same definition gives the same
 * disk. Those of the verified slots are halves of the root hash (UAPI.2), so `roothash=` alone on
 * the kernel command line finds both partitions; all others are derived from names.
 */

export class PartitionUuidError extends SocleError<"root-hash-malformed"> {
  override readonly name = "PartitionUuidError";
}

export interface RootUuids {
  /** Partition UUID of the root image: the first 128 bits of the root hash. */
  readonly root: string;
  /** Partition UUID of its hash tree: the last 128 bits. */
  readonly verity: string;
  /** Partition UUID of the root hash's signature: the middle 128 bits. UAPI.2 leaves it open; the initrd needs one that it can compute. */
  readonly signature: string;
}

/** `rootHash`: 64 lower-case hex digits, as printed by `veritysetup format` with SHA-256. */
export function rootUuidsOf(rootHash: string): RootUuids {
  if (!/^[0-9a-f]{64}$/.test(rootHash)) {
    throw new PartitionUuidError(
      "root-hash-malformed",
      `Cannot derive partition UUIDs from root hash "${rootHash}": wanted 64 lower-case hex digits, found ${rootHash.length} characters`,
      { hint: "Use the root hash that veritysetup prints for SHA-256." },
    );
  }
  return {
    root: toUuidText(rootHash.slice(0, 32)),
    verity: toUuidText(rootHash.slice(32)),
    signature: toUuidText(rootHash.slice(16, 48)),
  };
}

/**
 * A UUID that is always the same for the same two texts: SHA-256 of both in the layout that RFC
 * 9562, 5.8 leaves to applications (version 8). A NUL between the texts keeps ("a", "bc") and
 * ("ab", "c") apart.
 */
export function derivedUuid(namespaceText: string, name: string): string {
  const bytes = createHash("sha256").update(`${namespaceText}\0${name}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return toUuidText(bytes.toString("hex"));
}

/** What a system's disk holds that does not get its UUID from a root hash. */
export type DerivedUuidName = "disk" | "esp" | "root" | "root-b" | "verity-b" | "signature-b" | "var";

/** Depends on the id only, so that a mount unit can name a partition and still be right after an update. */
export function systemUuidOf(id: string, name: DerivedUuidName): string {
  return derivedUuid(`socle:${id}`, name);
}

function toUuidText(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
