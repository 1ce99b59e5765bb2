import type { Check } from "#release/checks/check.ts";
import type { ExecutionControl, LevelName, TreePolicies } from "./levels.ts";

/**
 * What a person writes: a system, or changes to another one. An editor shows these comments while
 * `defineSystem({...})` is written; the JSON Schema says the same, and a test compares the two.
 */
export interface SystemLayer {
  /** Another definition that this one changes: a path beside this file (`./base.ts`, `./base.yaml`), or in TypeScript an imported system. */
  readonly extends?: string | SystemLayer;
  /** What to take away from the system named by `extends`. */
  readonly remove?: RemoveInput;
  /** Short name of the system, used in file names and os-release: lower-case letters and digits, separated by single `.` or `-`; at most 32 characters. */
  readonly id?: string;
  /** Version of the system: letters, digits, `.` and `-`. Each release needs a new, higher one. */
  readonly version?: string;
  /** Name for people, without the version. Default: the id. */
  readonly name?: string;
  /** The distribution that the packages come from. */
  readonly distribution?: DistributionInput;
  /** Debian packages to install, beside what Socle itself needs. The lock pins their versions. */
  readonly packages?: readonly string[];
  /** Files to put into the image, by absolute path: the content itself, or an object. */
  readonly files?: Readonly<Record<string, string | FileInput>>;
  /** systemd units to enable, disable or mask, and those that operators may restart. */
  readonly units?: UnitsInput;
  /** The kernel, its modules and its command line. */
  readonly kernel?: KernelInput;
  /** Host name (RFC 1123). Default: the id. */
  readonly hostname?: string;
  /** Time zone, by IANA name, such as `Europe/Paris`. */
  readonly timeZone?: string;
  /** Locale, in UTF-8, such as `en_GB.UTF-8`. */
  readonly locale?: string;
  /** Level of immutability, or one policy per tree. */
  readonly level?: LevelName | TreePolicies;
  /** `signed`: under Secure Boot the kernel runs programs and loads modules from the signed root only. Default: `signed` where `/var` holds no programs (`sealed`, `total`), else `off`. */
  readonly executionControl?: ExecutionControl;
  /** How the root image is stored. */
  readonly root?: RootInput;
  /** Sizes of the disk and its partitions: `600MiB`, `2GiB`, `1G` (always powers of 1024) or a number of bytes; whole MiB. */
  readonly disk?: DiskInput;
  /** How often a new version may fail to boot before the old one takes over: 1 to 9. */
  readonly bootTries?: number;
  /** What a boot must come to before it is found good. On by default. */
  readonly health?: HealthInput;
  /** What every machine of the image does about updates until its configuration says otherwise. */
  readonly update?: UpdateInput;
  /** Whether an administrator may open a debug session, which marks the machine as not pristine until it is re-imaged. Off by default. */
  readonly debug?: DebugInput;
  /** The machine configuration that a machine starts with until it is given another one: the document itself, or `file`, its path beside the definition that names it. */
  readonly configuration?: ConfigurationInput;
  /** Every timestamp in the image: a date such as `2026-01-01`, a time with its zone, or seconds since 1970. A fixed date keeps builds reproducible. */
  readonly sourceDate?: string | number;
  /** What must be true of every build before it is written: checks of `socle/checks`, or your own. Those of the base run too. In TypeScript only. */
  readonly checks?: readonly Check[];
}

/** A whole system: its id and version are its own. */
export interface SystemInput extends SystemLayer {
  /** Short name of the system, used in file names and os-release: lower-case letters and digits, separated by single `.` or `-`; at most 32 characters. */
  readonly id: string;
  /** Version of the system: letters, digits, `.` and `-`. Each release needs a new, higher one. */
  readonly version: string;
}

/** What `extendSystem` takes beside the base. */
export type SystemChanges = Omit<SystemLayer, "extends">;

export interface DistributionInput {
  /** Debian suite. Its updates and security suites are used with it. */
  readonly suite?: string;
  /** Components of the archive, such as `non-free-firmware`. */
  readonly components?: readonly string[];
}

/** A file with `content` or with `source`. */
export type FileInput = FileAttributes &
  (
    | { readonly content: string; readonly source?: never }
    | { readonly source: string; readonly content?: never }
  );

export interface FileAttributes {
  /** The content, as text. */
  readonly content?: string;
  /** A file to copy: a path beside the definition that names it, or a `file:` URL such as `import.meta.resolve("./motd")`. */
  readonly source?: string;
  /** Permissions, in octal: `0644` as text, `0o644` as a number. */
  readonly mode?: string | number;
  /** Owner and group, as `user:group`, names or numbers. */
  readonly owner?: string;
}

export interface UnitsInput {
  /** Units to start at boot. */
  readonly enable?: readonly string[];
  /** Units that their package enables and that shall not start by themselves. */
  readonly disable?: readonly string[];
  /** Units that nothing may start. */
  readonly mask?: readonly string[];
  /** Units that operators may restart: `socle services restart`. */
  readonly restartable?: readonly string[];
}

export interface KernelInput {
  /** The Debian kernel package. */
  readonly package?: string;
  /** Modules to load at boot. */
  readonly modules?: readonly string[];
  /** Modules to add to the initrd, beside those that the boot chain needs. */
  readonly initrdModules?: readonly string[];
  /** Words to append to the kernel command line. Socle sets those of the root and its verification. */
  readonly arguments?: readonly string[];
}

export interface RootInput {
  /** Compression of the root image. `none` gives the smallest updates, `lz4` and `zstd` the smallest disks. */
  readonly compression?: "none" | "lz4" | "zstd";
}

export interface DiskInput {
  /** The whole disk image; `/var` grows to the real disk at first boot. */
  readonly size?: string | number;
  /** The EFI system partition: room for two kernel images. */
  readonly esp?: string | number;
  /** One root slot; there are two, except at level `classic`. */
  readonly rootSlot?: string | number;
  /** One verity slot. Default: what the hash tree of a full root slot needs. */
  readonly veritySlot?: string | number;
}

export interface UpdateInput {
  /** http: or https: address of the folder that `socle publish` writes. Default: none; the machine's configuration names one. */
  readonly repository?: string;
  /** The channel to follow. */
  readonly channel?: string;
  /** No version below this one is ever installed on a machine of this image. At most the version itself. */
  readonly floor?: string;
  /** What a machine does by itself: nothing (`manual`), put a release in place and leave the restart to somebody (`download`), restart too (`automatic`). */
  readonly mode?: "manual" | "download" | "automatic";
  /** When a machine may restart by itself. Default: at any time. */
  readonly window?: UpdateWindowInput;
  /** Each machine begins at a moment of its own within this time, so that not all do at once. */
  readonly spread?: string;
  /** How long a release must have been in the channel before a machine takes it by itself. */
  readonly minimumAge?: string;
}

export interface UpdateWindowInput {
  /** Days on which it opens: `mon` to `sun`. Default: every day. */
  readonly days?: readonly ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
  /** When it opens, by the wall clock of the zone, such as `02:00`. */
  readonly start: string;
  /** How long it stays open, such as `2h`; over midnight, too. */
  readonly duration: string;
  /** Time zone, by IANA name, such as `Europe/Paris`. */
  readonly timeZone: string;
}

export interface DebugInput {
  /** Whether there are debug sessions on machines of this image at all. */
  readonly allowed?: boolean;
  /** The longest time that one session may be asked for: `1min` to `4h`. */
  readonly longest?: string;
  /** Debian packages with tools for sessions, installed only where they are allowed. `[]`: none beside what the image has. */
  readonly packages?: readonly string[];
}

/** A file, or a whole document. */
export type ConfigurationInput =
  | {
      /** A document in JSON or YAML: a path beside the definition that names it, or a `file:` URL. */
      readonly file: string;
    }
  | {
      readonly apiVersion: "socle/v1";
      readonly kind: "MachineConfiguration";
      /** Every other key: docs/configuration.md. */
      readonly [key: string]: unknown;
    };

export interface RemoveInput {
  /** Packages not to install. */
  readonly packages?: readonly string[];
  /** Files not to put into the image, by path. */
  readonly files?: readonly string[];
  /** Units to take out of these lists. */
  readonly units?: UnitsInput;
  /** Modules and arguments to take out. */
  readonly kernel?: Pick<KernelInput, "modules" | "initrdModules" | "arguments">;
  /** Demands to take out, probes by name. */
  readonly health?: RemoveHealthInput;
}

export interface RemoveHealthInput {
  /** Units that need not be active. */
  readonly units?: readonly string[];
  /** Units whose failure is a fault again. */
  readonly mayFail?: readonly string[];
  /** Names of probes. */
  readonly probes?: readonly string[];
}

export interface HealthInput {
  /** Units that must be active, beside multi-user.target and the agent. */
  readonly units?: readonly string[];
  /** Units that may be failed. Any other that failed, and was not failed at the last good boot, is a fault. */
  readonly mayFail?: readonly string[];
  /** Questions to the running system, by name. */
  readonly probes?: Readonly<Record<string, ProbeInput>>;
  /** Room that must be left, by folder. Default: 32MiB in `/var` where it persists. */
  readonly freeSpace?: Readonly<Record<string, string | number>>;
  /** How long everything must stay well before the verdict. */
  readonly soak?: string;
  /** How long it may take, from the start of the judgement, until everything is well. */
  readonly timeout?: string;
  /** How much worse than the last good boot of another version a boot may be; `false`: not compared. */
  readonly regression?: false | RegressionInput;
}

export interface RegressionInput {
  /** Factor of the time from the kernel's start until everything is well. */
  readonly bootTime?: number;
  /** Factor of the memory in use. */
  readonly memory?: number;
  /** Factor of the units that systemd had to start again; the first two are never a fault. */
  readonly restarts?: number;
}

/** The keys of all kinds of probes. */
export interface ProbeKeys {
  /** An http: address that must answer with `status`. Redirects are not followed. */
  readonly http?: string;
  /** The status that `http` must answer with. */
  readonly status?: number;
  /** `host:port` that must take a connection. */
  readonly tcp?: string;
  /** A program of the image and its arguments; it must exit with 0. It runs without privileges, network or a writable file system. */
  readonly command?: readonly string[];
  /** A module whose default export is a `HealthProbeFunction`: a path beside the definition that names it, or a `file:` URL. It runs on the machine. */
  readonly function?: string;
  /** How long the answer may take. */
  readonly timeout?: string;
}

type ProbeOf<Kind extends keyof ProbeKeys, Beside extends keyof ProbeKeys = "timeout"> = Required<
  Pick<ProbeKeys, Kind>
> &
  Pick<ProbeKeys, Beside> & { readonly [Other in Exclude<keyof ProbeKeys, Kind | Beside>]?: never };

/** One of `http`, `tcp`, `command` and `function`. */
export type ProbeInput =
  | ProbeOf<"http", "status" | "timeout">
  | ProbeOf<"tcp">
  | ProbeOf<"command">
  | ProbeOf<"function">;
