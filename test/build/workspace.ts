import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ensureDevelopmentKeys } from "#system/keyFolder.ts";
import { openWorkspace } from "#system/workspace.ts";

export const CLONE = join(import.meta.dirname, "../..");
export const SOCLE = join(CLONE, "bin/socle");
const SHARED = join(CLONE, ".socle");
const MINIMAL = join(CLONE, "systems/minimal");

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Words before the command, e.g. to run it in a namespace. */
  readonly prefix?: readonly string[];
  /** Called with each line of standard error and the process. */
  readonly onLine?: (line: string, pid: number) => void;
}

/** A cache and a project of a test's own. Downloads and tools are the clone's, unless the test wants none. */
export class TestWorkspace implements AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  readonly definition: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.home = join(folder, "home");
    this.definition = join(folder, "project/system.ts");
  }

  static async make({ packages = true, tools = true } = {}): Promise<TestWorkspace> {
    const workspace = new TestWorkspace(await mkdtemp(join(tmpdir(), "socle-build-")));
    await mkdir(join(workspace.home, "tools"), { recursive: true });
    for (const name of tools ? await readdir(join(SHARED, "tools")) : []) {
      if (name !== "current") await symlink(join(SHARED, "tools", name), join(workspace.home, "tools", name));
    }
    // The same keys everywhere, so that the same system has the same bits.
    const keys = openWorkspace().keys;
    await ensureDevelopmentKeys(join(keys, "development"));
    await cp(keys, join(workspace.home, "keys"), { recursive: true });
    if (packages) await symlink(join(SHARED, "packages"), join(workspace.home, "packages"));
    await mkdir(join(workspace.folder, "project/node_modules"), { recursive: true });
    await symlink(CLONE, join(workspace.folder, "project/node_modules/socle"));
    await workspace.define({});
    await cp(join(MINIMAL, "system.lock.json"), workspace.lockFile);
    return workspace;
  }

  get lockFile(): string {
    return this.definition.replace(".ts", ".lock.json");
  }

  /** The minimal system, with changes. */
  async define(changes: Record<string, unknown>): Promise<void> {
    const text = `import { defineSystem } from "socle";
import minimal from ${JSON.stringify(join(MINIMAL, "system.ts"))};
export default defineSystem({ extends: minimal, ...${JSON.stringify(changes)} });\n`;
    await writeFile(this.definition, text);
  }

  async socle(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run([...(options.prefix ?? []), SOCLE, ...words], {
      ...options,
      cwd: join(this.folder, "project"),
      env: { SOCLE_HOME: this.home, ...options.env },
    });
  }

  async build(output: string, words: readonly string[] = [], options: RunOptions = {}): Promise<Outcome> {
    return this.socle(
      ["build", this.definition, "--output", join(this.folder, output), "--json", ...words],
      options,
    );
  }

  /** The names in a folder of the workspace; none when it is not there. */
  async list(path: string): Promise<string[]> {
    return readdir(join(this.folder, path)).catch(() => []);
  }

  /** The release in a folder is whole: all files are there, with the bytes that SHA256SUMS names. */
  async verifyChecksums(output: string): Promise<void> {
    const cwd = join(this.folder, output);
    const { exitCode, stdout, stderr } = await run(["sha256sum", "--check", "--strict", "SHA256SUMS"], {
      cwd,
      env: {},
    });
    if (exitCode !== 0) throw new Error(`The release in "${output}" is not whole:\n${stdout}${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function run(
  argv: readonly string[],
  { cwd, env, onLine }: { cwd: string; env: Readonly<Record<string, string>>; onLine?: RunOptions["onLine"] },
): Promise<Outcome> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, CI: "1", LC_ALL: "C.UTF-8", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine?.(line, child.pid ?? 0);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

/** The error of a command that was run with `--json`. */
export function toFailure({ stderr }: Outcome): {
  code?: string;
  message: string;
  hint?: string;
  outputTail?: string;
  exitCode: number;
} {
  const lines = stderr.split("\n").filter((line) => line.includes('"kind":"failed"'));
  if (lines.length !== 1) throw new Error(`One error is wanted, found ${lines.length} in:\n${stderr}`);
  return JSON.parse(lines[0] ?? "") as ReturnType<typeof toFailure>; // the form is documented in docs/errors.md
}

/** The release that a `build --json` tells of. */
export function toRelease({ stdout, stderr, exitCode }: Outcome): {
  rootHash: string;
  folder: string;
  artifacts: { name: string; sha256: string }[];
} {
  if (exitCode !== 0) throw new Error(`The build failed:\n${stderr}`);
  return JSON.parse(stdout) as ReturnType<typeof toRelease>; // the form is documented in docs/build.md
}

/** What of this path is still in use: processes that name it, and mounts below it, in every namespace that is visible. */
export async function findLeftovers(path: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter(
    (name) => /^\d+$/.test(name) && name !== String(process.pid),
  )) {
    const read = async (name: string) => readFile(join("/proc", pid, name), "utf8").catch(() => "");
    const command = (await read("cmdline")).replaceAll("\0", " ");
    if (command.includes(path)) found.push(`process ${pid}: ${command.slice(0, 200)}`);
    if ((await read("mountinfo")).includes(path)) found.push(`mount seen by ${pid} ${command.slice(0, 80)}`);
  }
  return found;
}
