import type { ContentsFile } from "../contents.ts";
import type { ComparedFiles } from "./comparedSystem.ts";
import { listComparable } from "./compareFiles.ts";
import { compareKeyed } from "./compareKeyed.ts";
import { decodeFileCapabilities } from "./fileCapabilities.ts";
import type { Changes, PrivilegedFile } from "./releaseDiff.ts";

export const SET_USER_ID = 0o4000;
export const SET_GROUP_ID = 0o2000;

/** What gives more rights, and to whom; that such a file has another content is told with the files. */
export function comparePrivilegedFiles(from: ComparedFiles, to: ComparedFiles): Changes<PrivilegedFile> {
  const withCapabilities = from.hasContents && to.hasContents;
  const [before, after] = listComparable(from, to);
  return compareKeyed(
    listPrivilegedFiles(before, withCapabilities),
    listPrivilegedFiles(after, withCapabilities),
    ({ path }) => path,
    (a, b) =>
      a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && a.gives.join(" ") === b.gives.join(" "),
  );
}

function listPrivilegedFiles(files: readonly ContentsFile[], withCapabilities: boolean): PrivilegedFile[] {
  return files.flatMap((file) => {
    const gives = file.type === "file" ? listPrivileges(file, withCapabilities) : [];
    const { path, mode, uid, gid } = file;
    return gives.length === 0 ? [] : [{ path, mode, uid, gid, gives }];
  });
}

function listPrivileges({ mode, capabilities }: ContentsFile, withCapabilities: boolean): string[] {
  return [
    ...((mode & SET_USER_ID) === 0 ? [] : ["set-user-ID"]),
    ...((mode & SET_GROUP_ID) === 0 ? [] : ["set-group-ID"]),
    ...(capabilities === undefined || !withCapabilities ? [] : [decodeFileCapabilities(capabilities)]),
  ];
}
