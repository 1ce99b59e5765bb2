/** What has to be done about a file of /etc that differs, so that the running machine follows it. */

import { FOLDERS_UNIT } from "./renderStorage.ts";

export const JOURNAL_UPLOAD_UNIT = "systemd-journal-upload.service";

/** What a file asks for when it comes, goes or changes. */
export interface FileEffect {
  readonly kind: "reload" | "restart" | "start";
  readonly unit: string;
}

interface FileRule {
  /** Of its path below /etc. */
  readonly pattern: RegExp;
  readonly effect?: FileEffect;
  /** The changes that only a restart of the machine brings into force, and why. */
  readonly reboot?: { readonly on: readonly FileChangeKind[]; readonly why: string };
  /** PID 1 has to look at its files again. */
  readonly isForManager?: true;
}

export type FileChangeKind = "added" | "changed" | "removed";

const ALL: readonly FileChangeKind[] = ["added", "changed", "removed"];
const NOT_NEW: readonly FileChangeKind[] = ["changed", "removed"];
const reload = (unit: string): FileEffect => ({ kind: "reload", unit });
const restart = (unit: string): FileEffect => ({ kind: "restart", unit });

/** The first that matches counts. Every file that renderEtc makes is in it: a test says so. */
const FILE_RULES: readonly FileRule[] = [
  { pattern: /^machine-id$/, reboot: { on: ALL, why: "a machine keeps its id while it runs" } },
  // Its name in the kernel is set by whoever applies; hostnamed says what it read when it started.
  { pattern: /^hostname$/, effect: restart("systemd-hostnamed.service") },
  // Read by each program when it starts, or at each use.
  { pattern: /^localtime$/ },
  { pattern: /^ssl\/certs\/ca-certificates\.crt$/ },
  {
    pattern: /^systemd\/network\/.*\.netdev$/,
    effect: reload("systemd-networkd.service"),
    reboot: { on: NOT_NEW, why: "networkd makes links, but neither changes nor removes those that it made" },
  },
  { pattern: /^systemd\/network\//, effect: reload("systemd-networkd.service") },
  { pattern: /^systemd\/resolved\.conf\.d\//, effect: restart("systemd-resolved.service") },
  { pattern: /^systemd\/timesyncd\.conf\.d\//, effect: restart("systemd-timesyncd.service") },
  { pattern: /^systemd\/journal-upload\.conf\.d\//, effect: restart(JOURNAL_UPLOAD_UNIT) },
  {
    pattern: /^systemd\/system\.conf\.d\//,
    reboot: { on: ALL, why: "programs that run keep the environment that they were started with" },
    isForManager: true,
  },
  // Whoever applies writes them into the kernel.
  { pattern: /^sysctl\.d\// },
  { pattern: /^tmpfiles\.d\//, effect: restart(FOLDERS_UNIT) },
  {
    pattern: /^systemd\/system\/.*\.mount$/,
    reboot: { on: NOT_NEW, why: "what is mounted may be in use" },
    isForManager: true,
  },
  { pattern: /^systemd\/system\//, isForManager: true },
];

export function findFileRule(path: string): FileRule | undefined {
  return FILE_RULES.find(({ pattern }) => pattern.test(path));
}

/** The unit that a file of /etc is itself, and that has to be started when it comes. */
export function toUnitOf(path: string): string | undefined {
  return /^systemd\/system\/([^/]+\.(?:mount|service))$/.exec(path)?.[1];
}
