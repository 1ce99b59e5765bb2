import { join } from "node:path";

import { rolldown } from "rolldown";

import { lazyBuiltins } from "./lazyBuiltins.ts";

export interface Bundling {
  /** Relative to the project folder. */
  readonly entry: string;
  readonly outFile: string;
  /** Where the sources and their node_modules are. */
  readonly projectFolder: string;
}

/**
 * Makes a device program one file that runs on the Node of the image. The same sources give the
 * same bytes, in any folder and at any time: they go into the root image, whose hash must not
 * depend on where the project was cloned.
 * @returns the names that it exports
 */
export async function bundleProgram({ entry, outFile, projectFolder }: Bundling): Promise<readonly string[]> {
  await using bundle = await rolldown({
    input: join(projectFolder, entry),
    cwd: projectFolder,
    platform: "node",
    plugins: [lazyBuiltins],
    onLog: (level, log) => {
      // An import that is not found becomes an external one with a warning only; on the device it would be missing.
      if (level === "warn") throw new Error(`Cannot bundle "${entry}": ${log.message}`);
    },
  });
  const { output } = await bundle.write({
    file: outFile,
    format: "esm",
    sourcemap: false,
    codeSplitting: false,
    // Smaller, without comments that hold paths, and quicker to parse without JIT. Names stay as they are, so
    // that a stack trace from a device can be read and a delta sees small changes as small.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    comments: { legal: true },
    // V8 keeps a program with a single character beyond Latin-1 in two bytes each: a megabyte of the agent's memory.
    charset: "ascii",
  });
  return output[0].exports;
}
