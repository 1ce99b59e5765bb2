import { createMemoryMachine, type MemoryMachineContent } from "../memoryMachine.ts";
import type { Answer, HealthMachine } from "./healthMachine.ts";

export interface MemoryHealthMachineContent extends Partial<MemoryMachineContent> {
  /** By folder. */
  readonly freeBytes?: Readonly<Record<string, number>>;
  /** What a program that is asked comes to. */
  readonly answer?: (argv: readonly string[]) => Answer;
  /** Output of a program, when it changes with time. */
  readonly outputAt?: (command: string, uptimeMs: number) => string | undefined;
}

/** A machine that is only data, whose clock moves when somebody sleeps, and the files that were written to it. */
export function createMemoryHealthMachine({
  files = {},
  folders = {},
  outputs = {},
  freeBytes = {},
  answer,
  outputAt,
}: MemoryHealthMachineContent) {
  const machine = createMemoryMachine({ files, folders, outputs, entries: {} });
  const written = new Map<string, string>();
  let uptimeMs = 20_000;
  const health: HealthMachine = {
    readFile: async (path) => {
      const text = written.get(path);
      return text === undefined ? machine.readFile(path) : new TextEncoder().encode(text);
    },
    listFolder: async (folder) => {
      const names = [...written.keys()].filter((path) => path.startsWith(`${folder}/`));
      return [...(await machine.listFolder(folder)), ...names.map((path) => path.slice(folder.length + 1))];
    },
    run: async (program, args) =>
      outputAt?.([program, ...args].join(" "), uptimeMs) ?? machine.run(program, args),
    freeBytes: async (folder) => freeBytes[folder],
    hashFile: async (path) => (path.length % 10).toString().repeat(64),
    writeDurably: async (path, content) => void written.set(path, content),
    remove: async (path) => void written.delete(path),
    ask: async (argv) => answer?.(argv) ?? { exitStatus: 0, output: "" },
    uptimeUs: () => uptimeMs * 1000,
    sleep: async (durationMs) => void (uptimeMs += durationMs),
  };
  return { machine: health, written };
}
