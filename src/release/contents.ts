/**
 * What is in a release's root, for comparisons and checks: `ID_VERSION.contents.json`. Everything in
 * it follows from definition and lock.
 */
export interface ReleaseContents {
  readonly apiVersion: "socle/v1";
  readonly kind: "ReleaseContents";
  readonly id: string;
  readonly version: string;
  /** Sorted by name, then architecture. */
  readonly packages: readonly ContentsPackage[];
  /** Everything in the root from `/` on, but for what is below /boot and /var; sorted by path. */
  readonly files: readonly ContentsFile[];
  /** systemd units of the root, sorted by name. */
  readonly units: readonly ContentsUnit[];
  /** What enabled or wanted units listen on, as far as unit files say it, sorted. */
  readonly listeners: readonly ContentsListener[];
  /**
   * By source package: the versions of its Debian changelog that name CVEs, newest first. Empty
   * where there are none; a source whose packages bring no changelog is not in it.
   */
  readonly fixes: Readonly<Record<string, readonly SecurityFix[]>>;
}

export interface ContentsPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly sourceVersion: string;
  /** SPDX identifiers or expressions; other names as Debian's copyright file has them. Empty when it says nothing. */
  readonly licences: readonly string[];
}

export interface ContentsFile {
  /** Absolute, e.g. `/usr/bin/su`. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "character-device" | "block-device" | "fifo" | "socket";
  /** Permission bits with set-user-ID, set-group-ID and sticky, e.g. 0o4755. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a regular file. */
  readonly sizeBytes?: number;
  /** Of a regular file's content; lower-case hex. */
  readonly sha256?: string;
  /** Of a symlink. */
  readonly target?: string;
  /** `security.capability`, lower-case hex, where a file has it. */
  readonly capabilities?: string;
}

export interface ContentsUnit {
  /** e.g. `ssh.socket`. */
  readonly name: string;
  /** As `systemctl --root list-unit-files` says it. */
  readonly state: UnitState;
}

export const UNIT_STATES = [
  "enabled",
  "disabled",
  "static",
  "masked",
  "alias",
  "indirect",
  "generated",
  "linked",
  "bad",
] as const;
export type UnitState = (typeof UNIT_STATES)[number];

export interface ContentsListener {
  readonly unit: string;
  readonly protocol: "tcp" | "udp";
  /** Port number. */
  readonly port: number;
  /** As the unit has it; `*` for all addresses. */
  readonly address: string;
}

export interface SecurityFix {
  /** Debian version of the changelog entry. */
  readonly version: string;
  /** e.g. `CVE-2026-1234`, sorted. */
  readonly cves: readonly string[];
}
