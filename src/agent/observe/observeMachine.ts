import type { Machine } from "../machineFacts.ts";

/** What the views need from the machine beside what its status needs. The real one is system/observedMachine.ts. */
export interface ObserveMachine extends Machine {
  /**
   * Standard output of a program, line by line, while it runs. It is ended when nobody takes any more lines or
   * the signal comes. Throws when it cannot run, or exits by itself with anything but 0.
   */
  runLines(program: string, args: readonly string[], signal: AbortSignal): AsyncIterable<string>;
  /** A part of a file; ends early where the file does. Symbolic links are followed. Throws where there is no file. */
  readFilePart(path: string, offsetBytes: number, sizeBytes: number): Promise<Uint8Array>;
  /** The path with all symbolic links followed; undefined when there is none. */
  realPath(path: string): Promise<string | undefined>;
  /** Milliseconds since 1970 of the last change of the content; undefined when there is none. */
  readModifiedMs(path: string): Promise<number | undefined>;
  statFileSystem(path: string): Promise<{ readonly sizeBytes: number; readonly freeBytes: number }>;
}
