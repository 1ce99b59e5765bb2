import { createMemoryMachine, type MemoryMachineContent } from "../memoryMachine.ts";
import type { ObserveMachine } from "./observeMachine.ts";

export interface MemoryObserveContent extends MemoryMachineContent {
  /** What a program prints, by the whole command or, where that is not there, by its name alone. */
  readonly printed: Readonly<Record<string, AsyncIterable<string> | readonly string[]>>;
  readonly addresses: readonly { readonly interface: string; readonly address: string }[];
}

/** A machine that is only data, with what the views need. */
export function createMemoryObserveMachine(content: MemoryObserveContent): ObserveMachine {
  const machine = createMemoryMachine(content);
  const find = (program: string, args: readonly string[]) => {
    const printed = content.printed[[program, ...args].join(" ")] ?? content.printed[program];
    if (printed === undefined) throw Object.assign(new Error(`spawn ${program} ENOENT`), { code: "ENOENT" });
    return printed;
  };
  return {
    ...machine,
    async *runLines(program, args, signal) {
      for await (const line of find(program, args)) {
        signal.throwIfAborted();
        yield line;
      }
    },
    async *runBytes(program, args, { signal }) {
      for await (const text of find(program, args)) {
        signal.throwIfAborted();
        yield Buffer.from(text);
      }
    },
    async openFile(path) {
      const bytes = await machine.readFile(path);
      if (bytes === undefined) throw Object.assign(new Error("ENOENT"), { code: "ENOENT" });
      return {
        path,
        isFile: true,
        readPart: (offset, size) => Promise.resolve(bytes.subarray(offset, offset + size)),
        close: () => Promise.resolve(),
      };
    },
    async realPath(path) {
      return (await machine.readEntry(path)) === undefined ? undefined : path;
    },
    readModifiedMs: () => Promise.resolve(1_769_000_000_000),
    statFileSystem: () => Promise.resolve({ sizeBytes: 1_073_741_824, freeBytes: 536_870_912 }),
    listAddresses: () => Promise.resolve(content.addresses),
  };
}
