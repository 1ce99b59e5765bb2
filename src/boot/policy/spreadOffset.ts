import { createHash } from "node:crypto";

/**
 * How long this machine waits with this release: from 0 to less than `spreadSeconds`. Always the same
 * for the two, so nothing has to be kept, and even over many machines.
 */
export function spreadOffsetSeconds(machineId: string, releaseDigest: string, spreadSeconds: number): number {
  const digest = createHash("sha256").update(`socle-spread\0${machineId}\0${releaseDigest}`).digest();
  return Math.floor((digest.readUIntBE(0, 6) / 2 ** 48) * spreadSeconds);
}
