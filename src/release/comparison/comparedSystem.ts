import type { ContentsFile, ContentsUnit, SecurityFix } from "../contents.ts";
import type { Lock } from "../lock.ts";
import type { ReleaseArtifact, ReleaseManifest } from "../manifest.ts";

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** What can be compared, in the order in which it is told. */
export const PARTS = [
  "packages",
  "fixes",
  "units",
  "listeners",
  "files",
  "kernel",
  "artifacts",
  "definition",
  "lock",
] as const;
export type Part = (typeof PARTS)[number];

/**
 * One side of a comparison: all that is known of a release, a definition or a machine that runs.
 * A part that is absent is not known, and `unknown` says why.
 */
export interface ComparedSystem {
  readonly kind: "release" | "definition" | "machine";
  readonly id: string;
  readonly version: string;
  /** Of dm-verity: equal ones prove that the roots are the same, byte for byte. */
  readonly rootHash?: string;
  /** Single values by name, e.g. `level`, `policies.usr`. */
  readonly properties: Readonly<Record<string, Json>>;
  readonly packages?: readonly ComparedPackage[];
  readonly fixes?: Readonly<Record<string, readonly SecurityFix[]>>;
  readonly units?: readonly ComparedUnit[];
  readonly listeners?: ComparedListeners;
  readonly files?: ComparedFiles;
  readonly kernel?: { readonly version: string; readonly commandLine: string };
  readonly artifacts?: {
    readonly files: readonly ReleaseArtifact[];
    readonly sizes: ReleaseManifest["sizes"];
  };
  /** Resolved; plain data. */
  readonly definition?: Json;
  readonly lock?: Lock;
  readonly unknown: Readonly<Partial<Record<Part, string>>>;
}

export interface ComparedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  /** A lock does not know it. */
  readonly sourceVersion?: string;
}

/** The state of a unit that something made at boot covers: equal to every other. */
export const HIDDEN_STATE = "set at boot";

export interface ComparedUnit {
  readonly name: string;
  readonly state: ContentsUnit["state"] | (string & {});
}

export interface ComparedFiles {
  readonly entries: readonly ContentsFile[];
  /** Whether regular files have their SHA-256, and files with capabilities those. A machine's have neither. */
  readonly hasContents: boolean;
  /** Paths that are not among the entries, with all below them; they are left out of the other side too. */
  readonly leftOut: readonly string[];
}

export interface ComparedListeners {
  /** By unit files, or found open on a machine: programs also open ports that no unit file tells. */
  readonly evidence: "declared" | "observed";
  readonly entries: readonly ComparedListener[];
}

export interface ComparedListener {
  readonly protocol: string;
  /** `*` for all addresses. */
  readonly address: string;
  readonly port: number;
  /** Unit or process. */
  readonly by: string;
}
