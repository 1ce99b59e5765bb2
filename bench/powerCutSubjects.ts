import { join } from "node:path";

import type { SystemInput } from "#definition/systemInput.ts";
import { prepareTools } from "#image/prepareTools.ts";
import { lockFileOf, readLock } from "#image/resolveLock.ts";
import { copyFileTo, exists, makeFolder, writeAtomic } from "#system/files.ts";
import { loadDefinition } from "#system/loadDefinition.ts";
import { runCommand } from "#system/runCommand.ts";
import type { ToolsTree } from "#system/toolsTree.ts";
import { openWorkspace } from "#system/workspace.ts";
import { findRelease, type ReleaseFolder } from "#vm/findRelease.ts";

import { TEST_SYSTEM } from "../test/vm/testSystem.ts";
import { SOCLE, type BenchWorkspace } from "./benchWorkspace.ts";

/** Who brings the new version. `suite`: a peer comes with the Debian that has it. */
export const SUBJECTS = {
  socle: { kind: "socle" },
  "sysupdate-257": { kind: "sysupdate", suite: "trixie" },
  "sysupdate-262": { kind: "sysupdate", suite: "forky" },
} as const satisfies Record<string, { kind: "socle" } | { kind: "sysupdate"; suite: string }>;

export type SubjectName = keyof typeof SUBJECTS;
export const SUBJECT_NAMES = Object.keys(SUBJECTS) as SubjectName[];

/** The first is installed, the second comes before it is measured, the third is what the power cuts go into. */
export const VERSIONS = ["1.0", "1.1", "1.2"] as const;
export const CHANNEL = "stable";

export interface PreparedSubject {
  readonly name: SubjectName;
  readonly folder: string;
  readonly tools: ToolsTree;
  readonly releases: Readonly<Record<(typeof VERSIONS)[number], ReleaseFolder>>;
}

/** Builds the three releases of a subject, which differ by a file; those that are there from a run before are kept. */
export async function prepareSubject(bench: BenchWorkspace, name: SubjectName): Promise<PreparedSubject> {
  const folder = join(bench.folder, "power-cuts", name);
  await makeFolder(folder);
  const files = VERSIONS.map((version) => join(folder, `${version}.yaml`));
  for (const [index, file] of files.entries()) {
    // JSON is YAML.
    await writeAtomic(file, JSON.stringify(toSystem(name, index), null, 2));
    if (!(await exists(lockFileOf(file)))) {
      if (index === 0) await runCommand([SOCLE, "lock", file]);
      else await copyFileTo(lockFileOf(files[0] ?? file), lockFileOf(file));
    }
    const output = join(folder, "out", VERSIONS[index] ?? "");
    if (!(await exists(join(output, "SHA256SUMS"))))
      await runCommand([SOCLE, "build", file, "--output", output]);
  }
  const { definition } = await loadDefinition(files[0] ?? "");
  const lock = await readLock(definition, files[0] ?? "");
  const tools = await prepareTools(lock.tools, openWorkspace(), bench.context);
  const [first, second, third] = await Promise.all(
    VERSIONS.map((version) => findRelease(join(folder, "out", version))),
  );
  if (first === undefined || second === undefined || third === undefined)
    throw new Error(`Three releases were to be built in "${folder}"`);
  return { name, folder, tools, releases: { "1.0": first, "1.1": second, "1.2": third } };
}

const PADDING_LINES = 50_000;

/** The same for all but for the tool; the padding has another length each time, so that what lies after it moves. */
function toSystem(name: SubjectName, index: number): SystemInput {
  const subject = SUBJECTS[name];
  return {
    ...TEST_SYSTEM,
    id: name,
    version: VERSIONS[index] ?? "",
    level: "sealed",
    // Fewer bytes to write under emulation: more rounds in an hour.
    root: { compression: "zstd" },
    files: { ...TEST_SYSTEM.files, "/etc/.padding": "power cut\n".repeat((index + 1) * PADDING_LINES) },
    // A busy host makes boots slow, which is no fault of theirs.
    health: { soak: "0s", regression: false },
    ...(subject.kind === "socle"
      ? {}
      : { packages: ["systemd-container"], distribution: { suite: subject.suite } }),
  };
}

export async function publishVersion({ folder, releases }: PreparedSubject, version: keyof typeof releases) {
  const repository = join(folder, "repository");
  await runCommand([
    SOCLE,
    "publish",
    releases[version].folder,
    "--repository",
    repository,
    "--channel",
    CHANNEL,
  ]);
  return repository;
}
