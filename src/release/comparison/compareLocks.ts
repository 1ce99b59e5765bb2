import type { Lock, LockedPackage } from "../lock.ts";
import type { ComparedPackage } from "./comparedSystem.ts";
import { compareTexts } from "./compareKeyed.ts";
import { comparePackages, isEmptyPackageDiff } from "./comparePackages.ts";
import { compareValues } from "./compareValues.ts";
import type { LockDiff } from "./releaseDiff.ts";

/** What locks differ in beside the packages of the system. */
export function compareLocks(from: Lock, to: Lock): LockDiff {
  return {
    request: compareValues({ ...from.request }, { ...to.request }),
    tools: comparePackages(from.tools.map(toComparedPackage), to.tools.map(toComparedPackage)),
    otherBytes: findOtherBytes([...from.packages, ...from.tools], [...to.packages, ...to.tools]),
  };
}

export function isEmptyLockDiff({ request, tools, otherBytes }: LockDiff): boolean {
  return request.length + otherBytes.length === 0 && isEmptyPackageDiff(tools);
}

/** The archive keeps a package in a folder of its source: `pool/main/u/util-linux/bsdutils_….deb`. */
export function toComparedPackage({ name, version, architecture, path }: LockedPackage): ComparedPackage {
  return { name, version, architecture, source: path.split("/").at(-2) ?? name };
}

/** An archive does not change a package under its version; one of these is worth a question. */
function findOtherBytes(from: readonly LockedPackage[], to: readonly LockedPackage[]): string[] {
  const describe = ({ name, version, architecture }: LockedPackage) => `${name} ${version} ${architecture}`;
  const known = new Map(from.map((entry) => [describe(entry), entry.sha256]));
  const other = to.filter((entry) => (known.get(describe(entry)) ?? entry.sha256) !== entry.sha256);
  return [...new Set(other.map(describe))].sort(compareTexts);
}
