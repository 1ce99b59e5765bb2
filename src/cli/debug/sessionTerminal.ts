export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** What a session needs of the terminal that the caller sits at. */
export interface SessionTerminal {
  size(): TerminalSize;
  /** From then on each key goes to the machine as it is, Ctrl-C too. @returns what makes it as it was */
  open(listener: {
    readonly onTyped: (bytes: Uint8Array) => void;
    readonly onResize: (size: TerminalSize) => void;
  }): () => void;
}

/** The one that this process was started from; undefined where there is none. */
export function openOwnTerminal(): SessionTerminal | undefined {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  const size = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  return {
    size,
    open({ onTyped, onResize }) {
      const resized = () => onResize(size());
      // Node itself makes the terminal as it was when the process ends in another way than by what is returned.
      stdin.setRawMode(true).resume().on("data", onTyped);
      stdout.on("resize", resized);
      return () => {
        stdout.off("resize", resized);
        stdin.off("data", onTyped).setRawMode(false).pause();
      };
    },
  };
}
