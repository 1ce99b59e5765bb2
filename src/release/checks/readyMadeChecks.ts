/** The package `socle/checks`, as a definition imports it: checks that many systems want, and what one's own need. */
import { parseSize } from "#definition/size.ts";

import type { ContentsFile } from "../contents.ts";
import type { Check } from "./check.ts";

export type { Check, CheckInput, Finding } from "./check.ts";
export type { ContentsFile, ContentsListener, ContentsPackage, ContentsUnit } from "../contents.ts";
export { createCheckInput } from "./createCheckInput.ts";
export type { CheckInputFile, CheckInputParts } from "./createCheckInput.ts";

const SET_USER_ID = 0o4000;
const SET_GROUP_ID = 0o2000;

/**
 * Finds every program outside of the list that gives who starts it rights of its own: set-user-ID,
 * set-group-ID or file capabilities.
 */
export function noSetuidOutside(paths: readonly string[]): Check {
  return {
    name: "no setuid outside the list",
    check: ({ files }) =>
      files.flatMap((file) => {
        const rights = paths.includes(file.path) ? undefined : describeRights(file);
        return rights === undefined ? [] : [{ path: file.path, message: rights }];
      }),
  };
}

function describeRights({ type, mode, uid, gid, capabilities }: ContentsFile): string | undefined {
  if (type !== "file") return undefined; // set-group-ID of a folder only passes its group on
  const rights = [
    ...((mode & SET_USER_ID) === 0 ? [] : [`runs as user ${uid}`]),
    ...((mode & SET_GROUP_ID) === 0 ? [] : [`runs as group ${gid}`]),
    ...(capabilities === undefined ? [] : ["has capabilities"]),
  ];
  return rights.length === 0 ? undefined : `${rights.join(", ")} (mode 0${mode.toString(8)})`;
}

/** Finds a root, without its hash tree, that is larger than `size`, such as `"400MiB"` or a number of bytes. */
export function rootUnder(size: string | number): Check {
  const limit = parseSize(size);
  if ("wanted" in limit) throw new TypeError(`rootUnder(${JSON.stringify(size)}): wanted ${limit.wanted}`);
  const { sizeBytes } = limit;
  return {
    name: `root under ${size}`,
    check: ({ rootBytes }) =>
      rootBytes <= sizeBytes
        ? []
        : [`the root has ${toMiB(rootBytes)}, ${toMiB(rootBytes - sizeBytes)} too many`],
  };
}

function toMiB(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Finds the packages whose name is one of these, or matches one of these. */
export function noPackage(...patterns: readonly [string | RegExp, ...(string | RegExp)[]]): Check {
  return {
    name: `no package ${patterns.join(", ")}`,
    check: ({ packages }) =>
      packages
        .filter(({ name }) => patterns.some((pattern) => isMeant(pattern, name)))
        .map(({ name, version }) => `${name} ${version} is installed`),
  };
}

/**
 * Finds the packages that name a licence like this in their copyright file: an SPDX identifier or
 * expression where there is one, else as Debian has it. A package that says nothing is not found.
 */
export function noLicence(
  pattern: string | RegExp,
  { except = [] }: { readonly except?: readonly string[] } = {},
): Check {
  return {
    name: `no licence ${pattern}`,
    check: ({ packages }) =>
      packages.flatMap(({ name, licences }) => {
        const found = except.includes(name) ? [] : licences.filter((licence) => isMeant(pattern, licence));
        return found.length === 0 ? [] : [`${name} has the licence ${found.join(", ")}`];
      }),
  };
}

/** Finds units that open a port to others, except for these port numbers; as far as unit files say it. */
export function nothingListens({ except = [] }: { readonly except?: readonly number[] } = {}): Check {
  return {
    name: except.length === 0 ? "nothing listens" : `nothing listens except on ${except.join(", ")}`,
    check: ({ listeners }) =>
      listeners
        .filter(({ port }) => !except.includes(port))
        .map(
          ({ unit, protocol, port, address }) => `${unit} listens on ${protocol} port ${port} of ${address}`,
        ),
  };
}

/** The name itself, or a match anywhere in it. `search` starts at the beginning, whatever the flags. */
function isMeant(pattern: string | RegExp, name: string): boolean {
  return typeof pattern === "string" ? name === pattern : name.search(pattern) >= 0;
}
