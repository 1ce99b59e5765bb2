import type { ControlMachine, RestartLock } from "./controlMachine.ts";

export const BOOT_ID = "10a3a06f-7d2b-4d94-9b0d-0c9d6a2c9d51";

/** A machine that remembers what it was told. */
export class MemoryControlMachine implements ControlMachine {
  readonly files: Map<string, string>;
  locks: RestartLock[] = [];
  /** In order: what was asked of systemd, and files that were made or removed. */
  readonly done: string[] = [];
  /** What systemd says instead of going down. */
  failure: Error | undefined;
  /** State of units after their restart. */
  readonly units = new Map<string, Record<string, string>>();
  readonly lines = new Map<string, readonly string[]>();
  /** Units whose restart has no end. */
  readonly endless = new Set<string>();

  constructor(files: Readonly<Record<string, string>>) {
    this.files = new Map(Object.entries(files));
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    const text = this.files.get(path);
    return text === undefined ? undefined : new TextEncoder().encode(text);
  }

  async listLocks(): Promise<readonly RestartLock[]> {
    return this.locks;
  }

  async leave(how: "reboot" | "poweroff", { force }: { readonly force: boolean }): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.done.push(force ? `${how} by force` : how);
  }

  async restartUnit(name: string): Promise<boolean> {
    this.done.push(`restart ${name}`);
    return !this.endless.has(name);
  }

  async showUnit(name: string): Promise<string> {
    const state = this.units.get(name) ?? {
      LoadState: "not-found",
      ActiveState: "inactive",
      SubState: "dead",
    };
    return Object.entries(state)
      .map(([property, value]) => `${property}=${value}\n`)
      .join("");
  }

  async readLastLines(name: string): Promise<readonly string[]> {
    return this.lines.get(name) ?? [];
  }

  async writeDurable(path: string, text: string): Promise<void> {
    this.done.push(`write ${path}`);
    this.files.set(path, text);
  }

  async removeDurable(path: string): Promise<void> {
    this.done.push(`remove ${path}`);
    this.files.delete(path);
  }
}
