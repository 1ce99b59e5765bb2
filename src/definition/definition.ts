import type { HealthContract } from "#health/healthContract.ts";
import type { ImageUpdateDefaults } from "#boot/policy/updatePolicy.ts";
import type { DebugPolicy } from "./debugPolicy.ts";
import type { ExecutionControl, TreePolicies } from "./levels.ts";

/**
 * A system, resolved: every default filled in, sizes in bytes, nothing left to interpret. Plain
 * data; `socle show` prints it, the build reads nothing else. Made only by `parseDefinition`.
 */
export interface Definition {
  /** os-release ID and IMAGE_ID; lower-case letters, digits, `.`, `-`; at most 32 characters. */
  readonly id: string;
  /** os-release IMAGE_VERSION; UAPI.10 version without `_` and `+`, which separate in file names, and `~` and `^`, which systemd 257 ignores. */
  readonly version: string;
  /** os-release PRETTY_NAME without the version. */
  readonly name: string;
  readonly distribution: {
    /** Debian suite, e.g. `trixie`. Its `-updates` and `-security` are used with it when they exist. */
    readonly suite: string;
    readonly components: readonly string[];
  };
  /** Packages asked for by the definition, sorted, without doubles. What Socle needs itself is added by the build. */
  readonly packages: readonly string[];
  /** By absolute path in the image, sorted. */
  readonly files: Readonly<Record<string, DefinitionFile>>;
  readonly units: {
    readonly enable: readonly string[];
    readonly disable: readonly string[];
    readonly mask: readonly string[];
    /** Those that operators may restart. */
    readonly restartable: readonly string[];
  };
  readonly kernel: {
    /** The Debian kernel package, e.g. `linux-image-cloud-amd64`. */
    readonly package: string;
    /** Modules to load at boot (modules-load.d). */
    readonly modules: readonly string[];
    /** Modules to add to the initrd beside those that the boot chain needs. */
    readonly initrdModules: readonly string[];
    /** Words appended to the kernel command line. */
    readonly arguments: readonly string[];
  };
  readonly hostname: string;
  /** IANA name, e.g. `Europe/Paris`. */
  readonly timeZone: string;
  /** e.g. `C.UTF-8`. */
  readonly locale: string;
  readonly policies: TreePolicies;
  /** `signed`: under Secure Boot the kernel runs code from the signed root only (IPE). */
  readonly executionControl: ExecutionControl;
  readonly root: {
    /** How file contents are stored in the EROFS root. `none` gives the smallest updates. */
    readonly compression: "none" | "lz4" | "zstd";
  };
  readonly disk: {
    /** Whole disk image. */
    readonly sizeBytes: number;
    readonly espSizeBytes: number;
    /** One root slot; there are two, except at `classic`. */
    readonly rootSlotSizeBytes: number;
    /** One verity slot. */
    readonly veritySlotSizeBytes: number;
  };
  /** How often a new version may fail to boot before the old one takes over; 1 to 9. */
  readonly bootTries: number;
  /** What a boot must come to before it is found good. */
  readonly health: HealthContract;
  /** What every machine of the image does about updates until its configuration says otherwise. */
  readonly update: ImageUpdateDefaults;
  /** Whether an administrator may open a debug session, and with what. */
  readonly debug: DebugPolicy;
  /** The machine configuration that every machine of the image starts with, in JSON: src/config reads it. */
  readonly configuration?: string;
  /** Seconds since 1970: every timestamp in the image (SOURCE_DATE_EPOCH). */
  readonly sourceDateEpoch: number;
}

export interface DefinitionFile {
  /** Content, base64 when it is not UTF-8 text. `socle show` prints the SHA-256 in place of long ones. */
  readonly content: string;
  readonly encoding: "utf8" | "base64";
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  /** `user:group`, names or numbers, looked up in the image. */
  readonly owner: string;
}
