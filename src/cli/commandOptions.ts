/**
 * What the command line hands to each command: parsed, defaults filled in. program.ts makes these,
 * the files in commands/ take them.
 */

/** A definition file, absolute; found by its usual names when none was given. */
export interface DefinitionArguments {
  readonly file: string;
}

export interface InitArguments {
  readonly folder: string;
}

export interface LockOptions {
  /** A folder that shall hold every package of the lock. */
  readonly export?: string;
  /** Resolve anew although the lock fits the definition. */
  readonly update?: true;
  /** Write nothing; fail when the lock is stale. */
  readonly check?: true;
}

export const COMPRESSIONS = ["none", "lz4", "zstd"] as const;

export interface BuildOptions {
  readonly output?: string;
  readonly verifyReproducible?: true;
  readonly compression?: (typeof COMPRESSIONS)[number];
  readonly offline?: true;
  /** A folder of keys to sign with. */
  readonly keys?: string;
}

export interface DiffArguments {
  /** Each a release's folder or manifest, a definition, or `machine:NAME`. */
  readonly from: string;
  readonly to: string;
}

export interface DiffOptions {
  readonly files?: true;
  readonly html?: string;
}

export interface VmArguments {
  /** A release (folder or disk image) or a definition file; undefined asks for the one here. */
  readonly target: string | undefined;
}

export const FIRMWARES = ["uefi", "direct"] as const;

export interface VmOptions {
  readonly firmware: (typeof FIRMWARES)[number];
  /** With the keys enrolled that the release was signed with. */
  readonly secureBoot?: true;
  /** The folder of those keys. */
  readonly keys?: string;
  /** In bytes. */
  readonly memory: number;
  readonly cpus: number;
  /** In bytes; the size of the image when absent. */
  readonly diskSize?: number;
  readonly forward: readonly PortForward[];
  /** Raw images of more disks. */
  readonly drive?: readonly string[];
  /** A file that gets what the machine says on its serial console. */
  readonly serial?: string;
  readonly name?: string;
  /** A machine configuration, handed to the machine as a credential. */
  readonly config?: string;
  /** Hand it no keys: nobody is let in until it is given its first configuration. */
  readonly maintenance?: true;
  /** Stop when the system is healthy. */
  readonly once?: true;
  /** The port of this host that leads to the agent; a free one when absent. */
  readonly port?: number;
}

export interface PortForward {
  readonly hostPort: number;
  readonly guestPort: number;
}

export interface StartOptions {
  readonly once?: true;
}

export const CACHE_ACTIONS = ["show", "prune", "clear"] as const;

export interface CacheArguments {
  readonly action: (typeof CACHE_ACTIONS)[number];
}

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The address of a repository. */
export interface FetchArguments {
  readonly url: string;
}

export interface FetchOptions {
  /** A file: root metadata. */
  readonly trustedRoot: string;
  readonly channel: string;
  readonly release?: string;
  readonly output?: string;
}
