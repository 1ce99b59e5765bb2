/** What a session needs from the machine. The real one is system/debug/createDebugHost.ts. */
export interface DebugHost {
  /** The text of a file; undefined when it does not exist. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** In place of what was there, folder and all; on the medium when it resolves, and for root alone. */
  writeDurably(path: string, text: string): Promise<void>;
  openTerminal(request: TerminalRequest): Promise<DebugTerminal>;
}

export interface TerminalRequest {
  /** The command and its arguments. */
  readonly words: readonly string[];
  /** Undefined: what it says goes out as it is, and nothing is typed. */
  readonly size: TerminalSize | undefined;
  /** Paths of new files: what is shown, and when. */
  readonly recording: string;
  readonly timing: string;
  /** The unit that is stopped to end it; undefined: what runs in it hears that its terminal is gone. */
  readonly unit: string | undefined;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface DebugTerminal {
  /** To be taken whole: the program waits for it. */
  readonly output: AsyncIterable<Uint8Array>;
  write(typed: Uint8Array): Promise<void>;
  endInput(): void;
  resize(size: TerminalSize): Promise<void>;
  /** Ends what runs in it. */
  end(): Promise<void>;
  /** The exit code, when the program has ended and what it said was taken. */
  readonly exited: Promise<number>;
}
