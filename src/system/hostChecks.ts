import { constants } from "node:fs";
import { access, open, readFile, statfs } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { SocleError } from "#progress/socleError.ts";
import { findMirrors } from "./aptArchive.ts";
import { readFolderEntries } from "./folderEntries.ts";
import { findIsolation, requireDebianFamily, type Isolation } from "./isolation.ts";
import type { Workspace } from "./workspace.ts";

/** What building and booting asks of a host, as it is. */
export interface HostFacts {
  readonly nodeVersion: string;
  /** PRETTY_NAME of os-release. */
  readonly system: string;
  readonly isDebianFamily: boolean;
  readonly isolation: Found<Isolation>;
  readonly mirror: Found<string>;
  readonly hasMmdebstrap: boolean;
  readonly hasToolsTree: boolean;
  /** Where the workspace is. */
  readonly freeBytes: number;
  /** Whether the device can be opened; only a boot shows whether it works. */
  readonly kvm: "absent" | "refused" | "openable";
}

/** What was looked for, or why it was not found and what to do. */
export type Found<T> =
  | { readonly value: T }
  | { readonly missing: string; readonly hint: string | undefined };

export async function readHostFacts(workspace: Workspace, signal?: AbortSignal): Promise<HostFacts> {
  const [system, isolation, mirror, hasMmdebstrap, tools, freeBytes, kvm] = await Promise.all([
    readSystemName(),
    find(async () => findIsolation()),
    find(async () => (await findMirrors(signal)).debian),
    isOnPath("mmdebstrap"),
    readFolderEntries(workspace.tools),
    readFreeBytes(workspace.work),
    probeKvm(),
  ]);
  return {
    nodeVersion: process.versions.node,
    system,
    isDebianFamily: isDebianFamily(),
    isolation,
    mirror,
    hasMmdebstrap,
    hasToolsTree: tools.some((entry) => entry.isFolder),
    freeBytes,
    kvm,
  };
}

async function find<T>(look: () => Promise<T>): Promise<Found<T>> {
  try {
    return { value: await look() };
  } catch (error) {
    if (!(error instanceof SocleError)) throw error;
    return { missing: error.message, hint: error.hint };
  }
}

function isDebianFamily(): boolean {
  try {
    requireDebianFamily();
    return true;
  } catch {
    return false;
  }
}

async function readSystemName(): Promise<string> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? "an unknown system";
}

async function isOnPath(program: string): Promise<boolean> {
  // apt and mmdebstrap are called by root, whose tools an ordinary PATH may lack.
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/bin"];
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** Of the file system that will hold `path`, which need not exist yet; for those who are not root. */
async function readFreeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    if (path === dirname(path)) throw error;
    return readFreeBytes(dirname(path));
  }
}

async function probeKvm(): Promise<HostFacts["kvm"]> {
  try {
    await (await open("/dev/kvm", "r+")).close();
    return "openable";
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT" ? "absent" : "refused";
  }
}
