import { open, rm } from "node:fs/promises";

/** A file for its owner alone, that was not there before. Of `keep` and `discard` one must be called. */
export async function openNewFile(path: string) {
  const file = await open(path, "wx", 0o600);
  return {
    write: async (bytes: Uint8Array): Promise<void> => {
      await file.writeFile(bytes); // goes on where the last one ended
    },
    keep: () => file.close(),
    discard: async (): Promise<void> => {
      await file.close();
      await rm(path, { force: true });
    },
  };
}
