import type { ContentsFile } from "../contents.ts";
import type { ComparedFiles } from "./comparedSystem.ts";
import { compareKeyed } from "./compareKeyed.ts";
import type { FileAspect, FileDiff, FileTotals } from "./releaseDiff.ts";

/** Files by path. Contents and capabilities are compared where both sides know them. */
export function compareFiles(from: ComparedFiles, to: ComparedFiles): FileDiff {
  const aspects = (Object.keys(IS_SAME) as FileAspect[]).filter(
    (aspect) => (from.hasContents && to.hasContents) || !NEEDS_CONTENTS.has(aspect),
  );
  const findAspects = (a: ContentsFile, b: ContentsFile) =>
    a.type === b.type ? aspects.filter((aspect) => !IS_SAME[aspect](a, b)) : (["type"] as const);
  const [before, after] = listComparable(from, to);
  const { added, removed, changed } = compareKeyed(
    before,
    after,
    ({ path }) => path,
    (a, b) => findAspects(a, b).length === 0,
  );
  return {
    from: toTotals(before),
    to: toTotals(after),
    added,
    removed,
    changed: changed.map((change) => ({
      path: change.from.path,
      aspects: findAspects(change.from, change.to),
      ...change,
    })),
  };
}

/** The entries of both, without what one of them did not look at. */
export function listComparable(
  from: ComparedFiles,
  to: ComparedFiles,
): [from: readonly ContentsFile[], to: readonly ContentsFile[]] {
  const leftOut = [...new Set([...from.leftOut, ...to.leftOut])].map((path) => path.replace(/\/+$/, ""));
  const isKept = ({ path }: ContentsFile) =>
    !leftOut.some(
      (above) => path.startsWith(above) && (path.length === above.length || path[above.length] === "/"),
    );
  return [from.entries.filter(isKept), to.entries.filter(isKept)];
}

export function isEmptyFileDiff({ added, removed, changed }: FileDiff): boolean {
  return added.length + removed.length + changed.length === 0;
}

const IS_SAME: Readonly<Record<FileAspect, (a: ContentsFile, b: ContentsFile) => boolean>> = {
  type: (a, b) => a.type === b.type,
  content: (a, b) => a.sha256 === b.sha256,
  size: (a, b) => a.sizeBytes === b.sizeBytes,
  mode: (a, b) => a.mode === b.mode,
  owner: (a, b) => a.uid === b.uid && a.gid === b.gid,
  target: (a, b) => a.target === b.target,
  capabilities: (a, b) => a.capabilities === b.capabilities,
};

const NEEDS_CONTENTS: ReadonlySet<FileAspect> = new Set(["content", "capabilities"]);

function toTotals(entries: readonly ContentsFile[]): FileTotals {
  return {
    count: entries.length,
    sizeBytes: entries.reduce((total, { sizeBytes = 0 }) => total + sizeBytes, 0),
  };
}
