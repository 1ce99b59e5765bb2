import { join } from "node:path";

import { UpdateError } from "#trust/updateError.ts";

import { readBytes, writeAtomic } from "../files.ts";

/**
 * What was trusted before, as files: the roots walked since the image's, the newest metadata of each
 * role. A refresh verifies all of it again; whoever can write there can make a machine forget, and
 * nothing else.
 */
export interface UpdateState {
  /** Undefined when there is none, or nothing that can be read. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** The file is the old one or the new one, whenever the power goes. */
  write(name: string, bytes: Uint8Array): Promise<void>;
}

export function openUpdateState(folder: string): UpdateState {
  return {
    read: async (name) => readBytes(join(folder, name)).catch(() => undefined),
    write: async (name, bytes) => {
      try {
        await writeAtomic(join(folder, name), bytes);
      } catch (cause) {
        throw new UpdateError(
          "update-state-failed",
          `Cannot keep "${name}" in "${folder}": what was trusted would be forgotten`,
          {
            hint: "The folder must be writable and have room; it may be deleted, then it is made anew.",
            cause,
          },
        );
      }
    },
  };
}
