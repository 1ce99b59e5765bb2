import type { Machine } from "./machineFacts.ts";

export interface MemoryMachineContent {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly folders: Readonly<Record<string, readonly string[]>>;
  /** By the whole command, e.g. `veritysetup status root`; an Error is what running it throws. */
  readonly outputs: Readonly<Record<string, string | Error>>;
}

/** A machine that is only data. */
export function createMemoryMachine({ files, folders, outputs }: MemoryMachineContent): Machine {
  return {
    async readFile(path) {
      const content = files[path];
      return typeof content === "string" ? new TextEncoder().encode(content) : content;
    },
    async listFolder(path) {
      return [...(folders[path] ?? [])];
    },
    async run(program, args) {
      const command = [program, ...args].join(" ");
      const output = outputs[command] ?? new Error(`spawn ${program} ENOENT`);
      if (output instanceof Error) throw output;
      return output;
    },
  };
}
