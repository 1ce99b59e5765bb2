/** Takes a serial console apart into lines, without the colours and cursor moves of terminals. */
export class SerialConsole {
  readonly #onLine: (line: string) => void;
  readonly #waiting = new Set<{ pattern: RegExp; resolve: (line: string) => void }>();
  #rest = "";
  #lines: string[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(text: string): void {
    const parts = (this.#rest + text).split("\n");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) this.#take(stripTerminalCodes(part));
  }

  /** The next line that matches; those that have passed do not count. */
  async waitFor(pattern: RegExp): Promise<string> {
    return new Promise((resolve) => this.#waiting.add({ pattern, resolve }));
  }

  /** The last lines, for an error message. */
  tail(count: number): string {
    return this.#lines.slice(-count).join("\n");
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  #take(line: string): void {
    this.#lines.push(line);
    this.#onLine(line);
    for (const entry of this.#waiting) {
      if (!entry.pattern.test(line)) continue;
      this.#waiting.delete(entry);
      entry.resolve(line);
    }
  }
}

/** ECMA-48: CSI sequences, OSC sequences, other escapes, carriage returns. */
export function stripTerminalCodes(text: string): string {
  // oxlint-disable-next-line no-control-regex -- terminal codes are control characters
  return text.replaceAll(/\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]|\r/g, "");
}
