import { decodeFileCapabilities } from "#release/comparison/fileCapabilities.ts";
import type { ContentsFile } from "#release/contents.ts";
import type { Changes, FileAspect, FileDiff, PrivilegedFile } from "#release/comparison/releaseDiff.ts";

import { formatBytes } from "../formatBytes.ts";
import { count, countAll, type Row, type Section } from "./section.ts";

const OUTLINE_FOLDERS = 8;

export function toFileSection(files: FileDiff): Section {
  const { added, removed, changed, from, to } = files;
  const counts = countAll([
    [changed.length, "changed"],
    [added.length, "added"],
    [removed.length, "removed"],
  ]);
  const sizes = [...new Set([formatBytes(from.sizeBytes), formatBytes(to.sizeBytes)])].join(" → ");
  return {
    id: "files",
    title: "Files",
    subject: "Path",
    summary: `${counts}; in all ${sizes}`,
    rows: [
      ...changed.map(({ path, aspects, ...change }): Row => {
        const describe = (file: ContentsFile) => describeAspects(file, aspects);
        return {
          mark: "~",
          subject: path,
          from: describe(change.from),
          to: describe(change.to),
          word: aspects.join(", "),
        };
      }),
      ...added.map((file): Row => ({ mark: "+", subject: file.path, to: describeFile(file), word: "added" })),
      ...removed.map((file): Row => ({
        mark: "-",
        subject: file.path,
        from: describeFile(file),
        word: "removed",
      })),
    ],
    outline: outlineFiles(files),
  };
}

export function toPrivilegedSection({ added, removed, changed }: Changes<PrivilegedFile>): Section {
  const describe = ({ mode, uid, gid, gives }: PrivilegedFile) =>
    `${gives.join(" ")} (${formatMode(mode)} ${uid}:${gid})`;
  return {
    id: "privileged-files",
    title: "Privileged",
    subject: "Path",
    summary: `${countAll([
      [added.length, "added"],
      [removed.length, "removed"],
      [changed.length, "changed"],
    ])}: set-user-ID, set-group-ID, capabilities`,
    rows: [
      ...added.map((file): Row => ({ mark: "!", subject: file.path, to: describe(file), word: "new" })),
      ...changed.map(({ from, to }): Row => ({
        mark: "!",
        subject: to.path,
        from: describe(from),
        to: describe(to),
        word: "changed",
      })),
      ...removed.map((file): Row => ({
        mark: "-",
        subject: file.path,
        from: describe(file),
        word: "removed",
      })),
    ],
  };
}

/** Where the differences are: the folders with most of them. */
function outlineFiles({ added, removed, changed }: FileDiff): Row[] {
  const folders = new Map<string, { added: number; removed: number; changed: number }>();
  const add = (path: string, what: "added" | "removed" | "changed") => {
    const folder = toFolder(path);
    const counts = folders.get(folder) ?? { added: 0, removed: 0, changed: 0 };
    counts[what] += 1;
    folders.set(folder, counts);
  };
  for (const { path } of added) add(path, "added");
  for (const { path } of removed) add(path, "removed");
  for (const { path } of changed) add(path, "changed");
  const total = (counts: { added: number; removed: number; changed: number }) =>
    counts.added + counts.removed + counts.changed;
  const sorted = [...folders].sort(([a, x], [b, y]) => total(y) - total(x) || (a < b ? -1 : 1));
  const rest = sorted.length - OUTLINE_FOLDERS;
  return [
    ...sorted.slice(0, OUTLINE_FOLDERS).map(([folder, counts]): Row => ({
      mark: " ",
      subject: folder,
      word: countAll([
        [counts.changed, "changed"],
        [counts.added, "added"],
        [counts.removed, "removed"],
      ]),
    })),
    ...(rest > 0 ? [{ mark: " ", subject: `and ${count(rest, "more folder")}`, word: "" } as const] : []),
  ];
}

/** `/usr/share/doc/` for what is anywhere below it. */
function toFolder(path: string): string {
  const folders = path.split("/").slice(1, -1).slice(0, 3);
  return folders.length === 0 ? "/" : `/${folders.join("/")}/`;
}

export function formatMode(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function describeFile(file: ContentsFile): string {
  const { type, mode, uid, gid, sizeBytes, target } = file;
  if (type === "symlink") return `link to ${target ?? ""}`;
  const size = sizeBytes === undefined ? [] : [formatBytes(sizeBytes)];
  return [...(type === "file" ? [] : [type]), ...size, formatMode(mode), `${uid}:${gid}`].join(" ");
}

/** Only what differs; of a content its size says more than its digest, where that differs too. */
function describeAspects(file: ContentsFile, aspects: readonly FileAspect[]): string {
  if (aspects.length === 1 && aspects[0] === "content") return file.sha256?.slice(0, 12) ?? "";
  return aspects.flatMap((aspect) => ASPECT_WORDS[aspect]?.(file) ?? []).join(" ");
}

const ASPECT_WORDS: Readonly<Partial<Record<FileAspect, (file: ContentsFile) => string | undefined>>> = {
  type: describeFile,
  size: ({ sizeBytes }) => (sizeBytes === undefined ? "no size" : formatBytes(sizeBytes)),
  mode: ({ mode }) => formatMode(mode),
  owner: ({ uid, gid }) => `${uid}:${gid}`,
  target: ({ target }) => target,
  capabilities: ({ capabilities }) =>
    capabilities === undefined ? "no capabilities" : decodeFileCapabilities(capabilities),
};
