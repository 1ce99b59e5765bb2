import { createHash } from "node:crypto";

import type { MessageInitShape } from "@bufbuild/protobuf";

import type { PackageChangeSchema, UnitChangeSchema } from "#protocol/gen/socle/v1/update_pb.ts";
import type { ContentsFile } from "#release/contents.ts";
import { decodePackageList, parseDpkgStatus, type PackageListEntry } from "#release/packages.ts";
import type { ArtifactKind } from "#release/releaseNames.ts";
import { UpdateError } from "#trust/updateError.ts";

import { readText, type Machine } from "../machineFacts.ts";
import { DPKG_STATUS_PATH } from "../readInventory.ts";
import type { FoundRelease } from "./updateSource.ts";

type PackageChange = MessageInitShape<typeof PackageChangeSchema>;
type UnitChange = MessageInitShape<typeof UnitChangeSchema>;

/** The image's own units. Those in /etc are the machine's as well, so they would differ without any update. */
const UNIT_FOLDER = "/usr/lib/systemd/system";

/** One line of it is one package or one file: much longer ones are no list of ours. */
const LINE_BYTES_MOST = 1 << 20;

/** Packages that differ between the machine and the release; none where the release has no list of them. */
export async function comparePackageList(
  machine: Machine,
  found: FoundRelease,
  signal: AbortSignal,
): Promise<PackageChange[]> {
  const listed: PackageListEntry[] = [];
  let hasList = false;
  for await (const line of readLines(found, "packages", signal)) {
    hasList = true;
    listed.push(...decodePackageList(line));
  }
  if (!hasList) return [];
  const installed = parseDpkgStatus((await readText(machine, DPKG_STATUS_PATH)) ?? "");
  return compareVersionsOf(toVersions(installed), toVersions(listed));
}

/** Unit files that differ, by their content. */
export async function compareUnitFiles(
  machine: Machine,
  found: FoundRelease,
  signal: AbortSignal,
): Promise<UnitChange[]> {
  const offered = new Map<string, string>();
  for await (const line of readLines(found, "contents", signal)) {
    const file = parseUnitFile(line);
    if (file !== undefined)
      offered.set(file.path.slice(UNIT_FOLDER.length + 1), file.sha256 ?? file.target ?? "");
  }
  if (offered.size === 0) return [];
  const present = new Map<string, string>();
  for (const name of await machine.listFolder(UNIT_FOLDER)) {
    signal.throwIfAborted();
    const content = await readUnit(machine, `${UNIT_FOLDER}/${name}`);
    if (content !== undefined) present.set(name, content);
  }
  return compareVersionsOf(present, offered).map(({ name, from, to }) => ({
    name,
    change: from === "" ? "added" : to === "" ? "removed" : "changed",
  }));
}

/** Its SHA-256, or where it leads; undefined for folders. */
async function readUnit(machine: Machine, path: string): Promise<string | undefined> {
  const entry = await machine.readEntry(path);
  if (entry?.type === "symlink") return entry.target;
  if (entry?.type !== "file") return undefined;
  const bytes = await machine.readFile(path);
  return bytes && createHash("sha256").update(bytes).digest("hex");
}

/** Of a release's contents, which have one file in a line; undefined for every other line. */
function parseUnitFile(line: string): ContentsFile | undefined {
  if (!line.includes(`"path":"${UNIT_FOLDER}/`)) return undefined;
  const file = JSON.parse(line.trim().replace(/,$/, "")) as ContentsFile; // written by encodeContents, and signed
  const isUnit = file.type === "file" || file.type === "symlink";
  return isUnit && !file.path.slice(UNIT_FOLDER.length + 1).includes("/") ? file : undefined;
}

/** An artifact that has lines, never whole in memory; what it gave counts only if it ends without an error. */
async function* readLines(
  { repository, release }: FoundRelease,
  kind: ArtifactKind,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const target = release?.files.find((file) => file.kind === kind);
  if (target === undefined) return;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of repository.streamArtifact(target)) {
    signal.throwIfAborted();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_BYTES_MOST)
      throw new UpdateError("release-inconsistent", `Refused "${target.path}": it is not made of lines`);
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** A package can be there for more than one architecture. */
function toVersions(packages: readonly PackageListEntry[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name, version } of packages) {
    const before = names.get(name);
    names.set(name, before === undefined || before === version ? version : `${before}, ${version}`);
  }
  return names;
}

/** What differs, sorted by name; empty where one side does not have it. */
function compareVersionsOf(
  from: ReadonlyMap<string, string>,
  to: ReadonlyMap<string, string>,
): { name: string; from: string; to: string }[] {
  return [...new Set([...from.keys(), ...to.keys()])]
    .toSorted()
    .map((name) => ({ name, from: from.get(name) ?? "", to: to.get(name) ?? "" }))
    .filter((change) => change.from !== change.to);
}
