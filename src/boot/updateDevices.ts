import type { ExaminedUki } from "./examineUki.ts";

/**
 * What an update touches, as the rules see it. The real forms are in `system`; those of the tests keep
 * everything in memory and can lose what was not yet made durable.
 */

/** A disk or partition. What was written may be lost, or be kept in another order, until `flush` returns. */
export interface BlockDevice {
  readonly sizeBytes: number;
  /**
   * Exactly these bytes. After `flush` they come from the medium, not from a cache: else a read-back proves nothing.
   * `into`, of the same size, is memory that may be used for them, so that reading a disk leaves no garbage; without it
   * the caller may keep what it gets.
   */
  read(offsetBytes: number, sizeBytes: number, into?: Uint8Array): Promise<Uint8Array>;
  /** The bytes may be reused as soon as it returns. */
  write(offsetBytes: number, bytes: Uint8Array): Promise<void>;
  flush(): Promise<void>;
}

/** The folder of the kernel images on the ESP. Nothing is durable before `sync`. */
export interface BootFolder {
  list(): Promise<{ name: string; sizeBytes: number }[]>;
  /**
   * Reads a kernel image, what was just written from the medium and not from a cache: else a read-back proves nothing.
   * One that was read before need not be read again while nothing in the folder has changed.
   */
  examine(name: string): Promise<ExaminedUki>;
  write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Replaces `to`. */
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  sync(): Promise<void>;
  freeBytes(): Promise<number>;
}

export type ImageKind = "root" | "verity" | "root-signature" | "uki";

/** Where the bytes of a release come from. They are unverified, and there may be too few, too many or none. */
export interface ImageSource {
  /** A chunk may lie in memory that the next one uses again. A `return` of the iterator ends the connection. */
  read(kind: ImageKind, offsetBytes: number, sizeBytes: number): AsyncIterable<Uint8Array>;
}

/** The three partitions that hold one version. */
export interface SlotDevices {
  readonly root: BlockDevice;
  readonly verity: BlockDevice;
  readonly signature: BlockDevice;
}
