/** Makes the agent one file that runs on the Node of the image: `node scripts/bundle-agent.ts OUT`. */
import { join, resolve } from "node:path";
import { rolldown } from "rolldown";

const PROJECT_FOLDER = resolve(import.meta.dirname, "..");

const AGENT_ENTRY = "src/agent/main.ts";

/**
 * The same sources give the same bytes, in any folder and at any time: the build puts them into the
 * root image, whose hash must not depend on where the project was cloned.
 */
export function bundleAgent(outFile: string): Promise<void> {
  return bundleProgram({ entry: AGENT_ENTRY, outFile, projectFolder: PROJECT_FOLDER });
}

export interface Bundling {
  /** Relative to the project folder. */
  readonly entry: string;
  readonly outFile: string;
  /** Where the sources and their node_modules are. */
  readonly projectFolder: string;
}

export async function bundleProgram({ entry, outFile, projectFolder }: Bundling): Promise<void> {
  await using bundle = await rolldown({
    input: join(projectFolder, entry),
    cwd: projectFolder,
    platform: "node",
    onLog: (level, log) => {
      // An import that is not found becomes an external one with a warning only; on the device it would be missing.
      if (level === "warn") throw new Error(`Cannot bundle the agent: ${log.message}`);
    },
  });
  await bundle.write({
    file: outFile,
    format: "esm",
    sourcemap: false,
    codeSplitting: false,
    // Smaller, without comments that hold paths, and quicker to parse without JIT. Names stay as they are, so
    // that a stack trace from a device can be read and a delta sees small changes as small.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    comments: { legal: true },
  });
}

if (import.meta.main) {
  const [outFile] = process.argv.slice(2);
  if (outFile === undefined) {
    process.stderr.write("usage: node scripts/bundle-agent.ts OUT\n");
    process.exitCode = 2;
  } else {
    await bundleAgent(resolve(outFile));
  }
}
