import type { LevelName } from "#definition/levels.ts";

import type { ContentsFile, ContentsListener, ContentsPackage, ContentsUnit } from "../contents.ts";

/**
 * A question that a release must answer before it is written. A definition lists its checks; what
 * they find fails the build.
 */
export interface Check {
  /** For people: what shall be true, e.g. `no compiler`. */
  readonly name: string;
  /** Looks at the built system. An empty list means that all is well. */
  readonly check: (release: CheckInput) => readonly Finding[] | Promise<readonly Finding[]>;
}

/** One thing that is not as it should be: a sentence, or a sentence about a path of the system. */
export type Finding = string | { readonly path?: string; readonly message: string };

/** A release as it was built, before anything of it is written to the output. */
export interface CheckInput {
  readonly id: string;
  readonly version: string;
  /** Debian suite, e.g. `trixie`. */
  readonly suite: string;
  /** `custom` for a mix of policies. */
  readonly level: LevelName | "custom";
  /** As `uname -r` will print it. */
  readonly kernelVersion: string;
  /** With the arguments of the root and its verification. */
  readonly kernelCommandLine: string;
  /** The root image without its hash tree. At `classic`, where the image is as large as its slot, what `files` take of it. */
  readonly rootBytes: number;
  /** The unified kernel image: kernel, initrd and command line. */
  readonly ukiBytes: number;
  /** Installed Debian packages, sorted by name. */
  readonly packages: readonly ContentsPackage[];
  /** Everything in the root except what is below /boot and /var, sorted by path. */
  readonly files: readonly ContentsFile[];
  /** systemd units of the root, sorted by name. */
  readonly units: readonly ContentsUnit[];
  /** What enabled or wanted units listen on, as far as unit files say it: a program can open more. */
  readonly listeners: readonly ContentsListener[];
  /** The content of a file of `files`, by absolute path; symlinks are followed. Undefined for what is no file there. */
  readonly readFile: (path: string) => Promise<Uint8Array | undefined>;
}
