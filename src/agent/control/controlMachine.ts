import type { Machine } from "../machineFacts.ts";

export interface RestartLock {
  readonly name: string;
  readonly reason: string;
}

/** What the calls that change a machine need from it. The real one is system/controlMachine.ts. */
export interface ControlMachine extends Pick<Machine, "readFile"> {
  listLocks(): Promise<readonly RestartLock[]>;
  /** Asks systemd for it; returns when it has been asked. `force`: also where an inhibitor forbids it. */
  leave(how: "reboot" | "poweroff", options: { readonly force: boolean }): Promise<void>;
  /** Returns when the unit has started, or could not; what it came to, its state says. False when that takes too long. */
  restartUnit(name: string): Promise<boolean>;
  /** systemctl's assignments, a line each. */
  showUnit(name: string, properties: readonly string[]): Promise<string>;
  /** The unit's last lines of the journal, of this boot. */
  readLastLines(name: string, count: number): Promise<readonly string[]>;
  /** A file that is on the disk when this returns, name and content. Root's only. */
  writeDurable(path: string, text: string): Promise<void>;
  removeDurable(path: string): Promise<void>;
}
