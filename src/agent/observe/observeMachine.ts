import type { Machine } from "../machineFacts.ts";

/** What the views need from the machine beside what its status needs. The real one is system/observedMachine.ts. */
export interface ObserveMachine extends Machine {
  /**
   * Standard output of a program, line by line, while it runs. It is ended when nobody takes any more lines or
   * the signal comes. Throws when it cannot run, or exits by itself with anything but 0: then the error has `exitStatus`,
   * and `complaint`, what it said on its standard error.
   */
  runLines(program: string, args: readonly string[], signal: AbortSignal): AsyncIterable<string>;
  /** The same as bytes. `stop` asks the program to end; what it says until then still comes. */
  runBytes(
    program: string,
    args: readonly string[],
    signals: { readonly signal: AbortSignal; readonly stop?: AbortSignal },
  ): AsyncIterable<Uint8Array>;
  /** For reading; symbolic links are followed. Throws where there is none. */
  openFile(path: string): Promise<OpenedFile>;
  /** The path with all symbolic links followed; undefined when there is none. */
  realPath(path: string): Promise<string | undefined>;
  /** Milliseconds since 1970 of the last change of the content, a symbolic link not followed; undefined when there is none. */
  readModifiedMs(path: string): Promise<number | undefined>;
  statFileSystem(path: string): Promise<{ readonly sizeBytes: number; readonly freeBytes: number }>;
  /** Of the interfaces that are up, with prefix length. */
  listAddresses(): Promise<readonly { readonly interface: string; readonly address: string }[]>;
}

export interface OpenedFile {
  /** Where the kernel says that it is: what was opened, whatever lies at the path meanwhile. */
  readonly path: string;
  readonly isFile: boolean;
  /** Ends early where the file does. */
  readPart(offsetBytes: number, sizeBytes: number): Promise<Uint8Array>;
  close(): Promise<void>;
}
