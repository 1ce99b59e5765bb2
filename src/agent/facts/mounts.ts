/**
 * /proc/PID/mountinfo, proc_pid_mountinfo(5). Of its fields: device number, mount point, both option
 * lists, type and source. Not here: mount ids, propagation, the root within the file system.
 */

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly fstype: string;
  /** Of the mount and of its file system together, sorted, without doubles. */
  readonly options: readonly string[];
  readonly readOnly: boolean;
  /** `major:minor`, the name of the device below /sys/dev/block; major 0 is no block device. */
  readonly deviceNumber: string;
}

/** All mounts in the order of the kernel: of two on the same target, the later one lies on top. */
export function parseMountInfo(text: string): Mount[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map(parseMountLine);
}

function parseMountLine(line: string): Mount {
  // "36 35 98:0 /root /target rw,noatime master:1 - ext3 /dev/root rw,errors=continue"; the number of
  // fields before " - " varies.
  const separator = line.indexOf(" - ");
  const [, , deviceNumber, , target, mountOptions] = line.slice(0, separator).split(" ");
  const [fstype, source, superOptions] = line.slice(separator + 3).split(" ");
  if (separator < 0 || !deviceNumber || !target || !mountOptions || !fstype || source === undefined) {
    throw new SyntaxError(`Cannot read the line "${line}" of mountinfo: fields are missing`);
  }
  const all = [...mountOptions.split(","), ...(superOptions ?? "").split(",")].map(unescape);
  // A mount can be written to only if neither the mount nor the file system below says "ro".
  const readOnly = all.includes("ro");
  const options = new Set(all.filter((option) => option !== "" && !(readOnly && option === "rw")));
  return {
    source: unescape(source),
    target: unescape(target),
    fstype: unescape(fstype),
    options: [...options].sort(),
    readOnly,
    deviceNumber,
  };
}

/** The kernel writes space, tab, newline, backslash and `#` as three octal digits; all of them are ASCII. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The kernel's own trees, and per-service mounts that come and go. */
const HIDDEN = ["/proc", "/sys", "/dev", "/run"];

/** What a person means by "the mounts": sorted by target, the topmost of each target, without the kernel's own trees. */
export function toVisibleMounts(mounts: readonly Mount[]): Mount[] {
  const topmost = new Map(mounts.map((mount) => [mount.target, mount]));
  return [...topmost.values()]
    .filter(({ target }) => !HIDDEN.some((hidden) => isWithin(target, hidden)))
    .sort((a, b) => (a.target < b.target ? -1 : 1));
}

/** The mount that holds `path`; undefined only when there is no mount on `/`. */
export function findMountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    if (isWithin(path, mount.target) && mount.target.length >= (found?.target.length ?? 0)) found = mount;
  }
  return found;
}

function isWithin(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}
