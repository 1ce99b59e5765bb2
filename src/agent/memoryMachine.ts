import type { Machine } from "./machineFacts.ts";
import type { FileEntry } from "./walkFiles.ts";

export interface MemoryMachineContent {
  readonly files: Readonly<Record<string, string | Uint8Array | undefined>>;
  readonly folders: Readonly<Record<string, readonly string[]>>;
  /** By the whole command, e.g. `veritysetup status root`; an Error is what running it throws. */
  readonly outputs: Readonly<Record<string, string | Error>>;
  /** What a walk finds, by path; an Error is what looking at it throws. */
  readonly entries: Readonly<Record<string, FileEntry | Error>>;
}

/** A machine that is only data. */
export function createMemoryMachine({ files, folders, outputs, entries }: MemoryMachineContent): Machine {
  return {
    async readFile(path) {
      const content = files[path];
      return typeof content === "string" ? new TextEncoder().encode(content) : content;
    },
    async listFolder(path) {
      return [...(folders[path] ?? [])];
    },
    async readEntry(path) {
      const entry = entries[path];
      if (entry instanceof Error) throw entry;
      return entry;
    },
    async run(program, args) {
      const command = [program, ...args].join(" ");
      const output = outputs[command] ?? new Error(`spawn ${program} ENOENT`);
      if (output instanceof Error) throw output;
      return output;
    },
  };
}
