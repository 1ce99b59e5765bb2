import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { parseDefinition } from "#definition/parseDefinition.ts";
import type { BuildContext } from "./buildContext.ts";
import { BuildError } from "./buildError.ts";
import { bundleProbes } from "./bundleProbes.ts";
import { bundleProgram } from "./bundleProgram.ts";
import { StepCache } from "./stepCache.ts";

const folder = await mkdtempDisposable(join(tmpdir(), "socle-probes-"));
after(() => folder.remove());
const program = join(folder.path, "probe.mjs");
await bundleProgram({
  entry: "src/agent/health/probeProgram.ts",
  outFile: program,
  projectFolder: resolve(import.meta.dirname, "../.."),
});

/** Bundles one probe as a build does, from a folder of its own. */
async function bundle(name: string, files: Record<string, string>): Promise<string> {
  const place = join(folder.path, name);
  await mkdir(place, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(place, file), text);
  const module = join(place, "probe.ts");
  const workspace = { steps: join(folder.path, "steps"), work: join(folder.path, "work") };
  await mkdir(workspace.work, { recursive: true });
  const definition = parseDefinition(
    { id: "edge", version: "1.0", health: { probes: { api: { function: module } } } },
    new Map([[module, new Uint8Array()]]),
  );
  const cache = new StepCache(workspace, () => {});
  // Of a build's context it asks for nothing else.
  const context = { definition, workspace, cache, probeModules: new Map([["api", module]]) } as unknown;
  const bundles = await bundleProbes(context as BuildContext);
  return bundles.get("probes/api.mjs") ?? assert.fail("no bundle");
}

/** As the sandbox on the machine does. */
async function ask(module: string, timeoutMs = 5000): Promise<{ status: unknown; said: string }> {
  return new Promise((done) => {
    execFile(process.execPath, ["--jitless", program, module, String(timeoutMs)], (error, stdout, stderr) => {
      done({ status: error?.code ?? 0, said: stdout + stderr });
    });
  });
}

const ANSWER = "export const answer = (n: number): string => `${n} rows`;\n";
const GOOD = {
  "probe.ts": `import { setTimeout as sleep } from "node:timers/promises";
import { answer } from "./answer.ts";
const probe = async ({ signal }: { signal: AbortSignal }): Promise<string> => {
  await sleep(1, undefined, { signal });
  setInterval(() => {}, 1000); // left open
  return answer(42);
};
export default probe;
`,
  "answer.ts": ANSWER,
};

test("a probe in TypeScript runs under Node without JIT compiler, as one file with what it imports", async () => {
  assert.deepEqual(await ask(await bundle("good", GOOD)), { status: 0, said: "42 rows\n" });
});

test("the same probe is the same bytes, wherever the project lies", async () => {
  const [one, two] = [await bundle("one", GOOD), await bundle("else/where", GOOD)];
  assert.equal(await readFile(one, "utf8"), await readFile(two, "utf8"));
});

test("what a probe throws is told, with exit status 1", async () => {
  const module = await bundle("bad", {
    "probe.ts": 'export default () => { throw new Error("no such luck"); };\n',
  });
  const { status, said } = await ask(module);
  assert.equal(status, 1);
  assert.match(said, /no such luck/);
});

test("a module without a default export, or that imports what is not there, does not get into an image", async () => {
  const isRefused = (pattern: RegExp) => (error: unknown) =>
    error instanceof BuildError && error.code === "probe-not-bundled" && pattern.test(error.message);
  await assert.rejects(
    bundle("named", { "probe.ts": "export const probe = () => {};\n" }),
    isRefused(/the probe "api" of ".*probe\.ts": it has no default export/),
  );
  await assert.rejects(
    bundle("torn", { "probe.ts": 'import x from "./nowhere.ts";\nexport default () => x;\n' }),
    isRefused(/nowhere\.ts/),
  );
});
