import type { SlotRelease } from "./slotRelease.ts";

/**
 * What a machine boots, as a set of digests. Two releases with the same base differ in their kernel
 * only, and the second one needs no slot. Layers and components will join them here.
 */
export interface Deployment {
  /** Of the base: the root file system, by dm-verity. */
  readonly rootHash: string;
  /** Of the kernel image's file. */
  readonly ukiSha256: string;
}

/** A release, as far as putting it on a disk needs to know it; from its signed manifest. */
export interface UpdateRelease {
  readonly id: string;
  readonly version: string;
  /** SHA-256 of the manifest: the same version, built anew with another content, is another release. */
  readonly digest: string;
  readonly slot: SlotRelease;
  readonly uki: { readonly sizeBytes: number; readonly sha256: string };
}

export function toDeployment({ slot, uki }: UpdateRelease): Deployment {
  return { rootHash: slot.rootHash, ukiSha256: uki.sha256 };
}
