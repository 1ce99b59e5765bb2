import { createHash } from "node:crypto";

import type { ContentsFile, ContentsListener, ContentsPackage, ContentsUnit } from "../contents.ts";
import type { CheckInput } from "./check.ts";
import { resolveTreePath } from "./resolveTreePath.ts";

/** A release by hand, as much of it as a check looks at. */
export interface CheckInputParts extends Partial<Omit<CheckInput, Lists | "readFile">> {
  readonly packages?: readonly (Pick<ContentsPackage, "name"> & Partial<ContentsPackage>)[];
  readonly files?: readonly CheckInputFile[];
  readonly units?: readonly (Pick<ContentsUnit, "name"> & Partial<ContentsUnit>)[];
  readonly listeners?: readonly (Pick<ContentsListener, "port"> & Partial<ContentsListener>)[];
}

type Lists = "packages" | "files" | "units" | "listeners";

/** A file with its content; a symlink where it has a target. The folders above it need not be named. */
export type CheckInputFile = Pick<ContentsFile, "path"> &
  Partial<ContentsFile> & { readonly content?: string | Uint8Array };

/**
 * What a check gets, made by hand: for tests of a check, without a build. Whatever is left out is
 * as in a small release in which nothing is wrong.
 *
 * ```ts
 * const release = createCheckInput({ files: [{ path: "/usr/bin/gcc" }] });
 * assert.equal((await noCompiler.check(release)).length, 1);
 * ```
 */
export function createCheckInput(parts: CheckInputParts = {}): CheckInput {
  const { packages = [], files = [], units = [], listeners = [], ...facts } = parts;
  const contents = new Map(files.map(({ path, content = "" }) => [path, toBytes(content)]));
  const entries = new Map(withFolders(files).map((file) => [file.path, toFile(file)]));
  return {
    id: "example",
    version: "1.0",
    suite: "trixie",
    level: "sealed",
    kernelVersion: "6.12.0-amd64",
    kernelCommandLine: "",
    rootBytes: 0,
    ukiBytes: 0,
    ...facts,
    packages: packages.map(toPackage).sort(by("name")),
    files: [...entries.values()].sort(by("path")),
    units: units.map((unit) => ({ state: "enabled" as const, ...unit })).sort(by("name")),
    listeners: listeners.map((listener) => ({ ...LISTENER, ...listener })),
    async readFile(path) {
      const resolved = resolveTreePath(entries, path);
      if (resolved === undefined || entries.get(resolved)?.type !== "file") return undefined;
      return contents.get(resolved);
    },
  };
}

const LISTENER = { unit: "example.socket", protocol: "tcp", address: "*" } as const;

function toPackage(entry: NonNullable<CheckInputParts["packages"]>[number]): ContentsPackage {
  const version = entry.version ?? "1.0-1";
  return {
    version,
    architecture: "amd64",
    source: entry.name,
    sourceVersion: version,
    licences: [],
    ...entry,
  };
}

const MODES = { file: 0o644, directory: 0o755, symlink: 0o777 } as const;

function toFile({ content, ...file }: CheckInputFile): ContentsFile {
  const type = file.type ?? (file.target === undefined ? "file" : "symlink");
  const attributes = {
    type,
    mode: type in MODES ? MODES[type as keyof typeof MODES] : 0o600,
    uid: 0,
    gid: 0,
  };
  if (type !== "file") return { ...attributes, ...file };
  const bytes = toBytes(content ?? "");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { ...attributes, sizeBytes: bytes.length, sha256, ...file };
}

/** A tree has the folders of its files; those that the caller names keep what he says of them. */
function withFolders(files: readonly CheckInputFile[]): CheckInputFile[] {
  const folders = new Set(files.flatMap(({ path }) => parentsOf(path)));
  return [...[...folders].map((path) => ({ path, type: "directory" as const })), ...files];
}

/** `/usr`, `/usr/bin` for `/usr/bin/su`. */
function parentsOf(path: string): string[] {
  const names = path.split("/").slice(1, -1);
  return names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`);
}

function toBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

/** By code units: the locale must not matter. */
function by<Key extends string>(key: Key) {
  return (a: Readonly<Record<Key, string>>, b: Readonly<Record<Key, string>>): number =>
    a[key] < b[key] ? -1 : Number(a[key] > b[key]);
}
