import { dirname, resolve } from "node:path";

import type { ComparedSystem } from "#release/comparison/comparedSystem.ts";
import { exists, isFolder, listFolder } from "#system/files.ts";

import type { CommandContext } from "../commandContext.ts";
import { DEFINITION_NAMES } from "../findDefinitionFile.ts";
import { CompareError } from "./compareError.ts";

const MACHINE = "machine:";
const MANIFEST = ".manifest.json";

/**
 * Reads what a person named: `machine:NAME`, a definition file, a release's folder or manifest, or a
 * folder with a definition. What a kind needs is loaded only for that kind.
 */
export async function readComparedSystem(
  name: string,
  context: Pick<CommandContext, "report" | "signal">,
): Promise<ComparedSystem> {
  if (name.startsWith(MACHINE)) {
    const { readMachine } = await import("./readMachine.ts");
    return readMachine(name.slice(MACHINE.length) || undefined, context);
  }
  const path = resolve(name);
  if (await isFolder(path)) return readFolder(name, path, context);
  if (!(await exists(path))) throw notComparable(name, "there is no such file or folder");
  if (path.endsWith(MANIFEST)) {
    const { readRelease } = await import("./readRelease.ts");
    return readRelease(dirname(path), path);
  }
  if (/\.(ts|ya?ml)$/.test(path)) {
    const { readDefinition } = await import("./readDefinition.ts");
    return readDefinition(path, context.report);
  }
  throw notComparable(name, "it is none of what can be compared");
}

async function readFolder(
  name: string,
  folder: string,
  context: Pick<CommandContext, "report">,
): Promise<ComparedSystem> {
  const names = await listFolder(folder);
  const manifests = names.filter((entry) => entry.endsWith(MANIFEST));
  const [manifest, ...others] = manifests;
  if (others.length > 0) {
    throw notComparable(name, `it has ${manifests.length} releases`, `Name the manifest of one: ${manifest}`);
  }
  if (manifest !== undefined) {
    const { readRelease } = await import("./readRelease.ts");
    return readRelease(folder, resolve(folder, manifest));
  }
  const definition = DEFINITION_NAMES.find((entry) => names.includes(entry));
  if (definition === undefined) throw notComparable(name, "it has neither a release nor a definition");
  const { readDefinition } = await import("./readDefinition.ts");
  return readDefinition(resolve(folder, definition), context.report);
}

function notComparable(name: string, why: string, hint = HINT): CompareError {
  return new CompareError("not-comparable", `Cannot compare "${name}": ${why}`, { hint });
}

const HINT = "Name the folder of a release, a definition (.ts, .yaml), or a machine that runs: machine:NAME";
