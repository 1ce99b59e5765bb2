import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "node:test";
import { DefinitionError } from "#definition/definitionError.ts";
import { describeProblem } from "#definition/problem.ts";
import { loadDefinition } from "./loadDefinition.ts";
import { LoadDefinitionError } from "./loadDefinitionError.ts";

const SOCLE = pathToFileURL(join(import.meta.dirname, "../definition/defineSystem.ts")).href;
const IMPORT = `import { defineSystem, extendSystem } from ${JSON.stringify(SOCLE)};\n`;

/** Files in a folder of their own; the first one is the definition. */
async function withFiles<T>(
  files: Record<string, string | Uint8Array>,
  work: (file: string) => Promise<T>,
): Promise<T> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-definition-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), content);
  }
  return await work(join(folder.path, Object.keys(files)[0]!));
}

/** `name:line:column what`, one for each problem. */
async function problemsOf(files: Record<string, string>): Promise<string[]> {
  return withFiles(files, async (file) => {
    const error = await loadDefinition(file).then(
      () => assert.fail("it loaded"),
      (reason: unknown) => reason,
    );
    if (!(error instanceof DefinitionError)) throw error;
    assert.equal(error.file, file);
    return error.problems.map((problem) => {
      const name = problem.file?.slice(dirname(file).length + 1);
      return `${name}:${problem.line}:${problem.column} ${describeProblem(problem).replaceAll(dirname(file), "DIR")}`;
    });
  });
}

test("TypeScript, YAML and JSON describe the same system", async () => {
  const loaded = [
    {
      "system.ts": `${IMPORT}export default defineSystem({ id: "edge", version: "1.0", packages: ["vim"] });`,
    },
    { "system.yaml": 'id: edge\nversion: "1.0"\npackages: [vim]\n' },
    { "system.json": '{ "id": "edge", "version": "1.0", "packages": ["vim"] }' },
  ].map((files) => withFiles(files, async (file) => (await loadDefinition(file)).definition));
  const [ts, yaml, json] = await Promise.all(loaded);
  assert.deepEqual(yaml, ts);
  assert.deepEqual(json, ts);
});

test("a source is beside the definition that names it, also when that is a base elsewhere", async () => {
  const files = {
    "system.yaml": "extends: bases/base.ts\nid: edge\nfiles: { /etc/top: { source: motd } }\n",
    motd: "top",
    "bases/base.ts": `${IMPORT}export default defineSystem({ id: "b", version: "2.0", files: { "/etc/base": { source: "./motd" } } });`,
    "bases/motd": new Uint8Array([0xff]),
  };
  await withFiles(files, async (file) => {
    const { definition, readFiles } = await loadDefinition(file);
    assert.equal(definition.id, "edge");
    assert.equal(definition.version, "2.0");
    assert.equal(definition.files["/etc/top"]?.content, "top");
    assert.deepEqual(definition.files["/etc/base"], {
      content: "/w==",
      encoding: "base64",
      mode: 0o644,
      owner: "root:root",
    });
    assert.deepEqual(
      readFiles.map((name) => name.slice(dirname(file).length + 1)).sort(),
      Object.keys(files).sort(),
    );
  });
});

test("a base that is imported works when its sources say where they are", async () => {
  const base = (source: string) =>
    `${IMPORT}export const base = { version: "1.0", files: { "/etc/a": { source: ${source} } } };`;
  const system = `${IMPORT}import { base } from "./bases/base.ts";\nexport default extendSystem(base, { id: "edge" });`;
  const motd = { "bases/motd": "hello" };
  await withFiles(
    { "system.ts": system, "bases/base.ts": base('import.meta.resolve("./motd")'), ...motd },
    async (file) => assert.equal((await loadDefinition(file)).definition.files["/etc/a"]?.content, "hello"),
  );
  assert.deepEqual(await problemsOf({ "system.ts": system, "bases/base.ts": base('"./motd"'), ...motd }), [
    'system.ts:undefined:undefined extends.files["/etc/a"].source is "./motd"',
  ]);
});

test("every problem of a file comes with its line and column", async () => {
  assert.deepEqual(
    await problemsOf({
      "system.yaml":
        "id: edge\nversion: 1.0\nroot:\n  compression: lzma\nserivces: []\npackages:\n  - ok\n  - Bad\n",
    }),
    [
      "system.yaml:2:10 version is 1",
      'system.yaml:4:16 root.compression is "lzma"',
      'system.yaml:5:1 unknown key "serivces"',
      'system.yaml:8:5 packages[1] is "Bad"',
    ],
  );
  assert.deepEqual(
    await problemsOf({
      "system.ts": `${IMPORT}export default defineSystem({\n  id: "edge",\n  packages: ["ok", "Bad"],\n  disk: { size: "1GiB" },\n  serivces: [],\n});`,
    }),
    [
      'system.ts:4:20 packages[1] is "Bad"',
      'system.ts:5:17 disk.size is "1GiB"',
      'system.ts:6:3 unknown key "serivces"',
      "system.ts:undefined:undefined version is missing",
    ],
  );
});

test("problems of a base point into the base", async () => {
  assert.deepEqual(
    await problemsOf({
      "system.yaml": "extends: base.yaml\nid: E\n",
      "base.yaml": 'id: base\nversion: "1.0"\nbootTries: 0\n',
    }),
    ["base.yaml:3:12 bootTries is 0", 'system.yaml:2:5 id is "E"'],
  );
  assert.deepEqual(
    await problemsOf({
      "system.yaml": "extends: base.yaml\nremove: { packages: [vim] }\n",
      "base.yaml": 'id: base\nversion: "1.0"\n',
    }),
    ['system.yaml:2:22 remove.packages[0] is "vim"'],
  );
  assert.deepEqual(
    await problemsOf({
      "system.yaml": "extends: base.yaml\nlevel: semi\n",
      "base.yaml": 'id: base\nversion: "1.0"\ndisk:\n  size: 1G\nfiles:\n  /a: { source: gone }\n',
    }),
    ['base.yaml:4:9 disk.size is "1G"', 'base.yaml:6:17 files["/a"].source is "DIR/gone"'],
  );
});

test("a definition that has changed is read anew", async () => {
  const text = (version: string) =>
    `${IMPORT}export default defineSystem({ id: "edge", version: "${version}" });`;
  await withFiles({ "system.ts": text("1.0") }, async (file) => {
    assert.equal((await loadDefinition(file)).definition.version, "1.0");
    await writeFile(file, text("2.0"));
    await utimes(file, 1, 1);
    assert.equal((await loadDefinition(file)).definition.version, "2.0");
  });
});

const UNLOADABLE: readonly [name: string, files: Record<string, string>, code: string, message: RegExp][] = [
  [
    "an unknown extension",
    { "system.toml": "" },
    "definition-wrong-extension",
    /ends in "\.toml", wanted \.ts/,
  ],
  [
    "no default export",
    { "system.ts": "export const a = 1;" },
    "definition-no-default-export",
    /no default export/,
  ],
  [
    "a throwing module",
    { "system.ts": 'const a = 1;\nthrow new Error("no luck");\n' },
    "definition-throws",
    /system\.ts:2:7 {3}no luck\n(?:.*\n)* {5,}2 \| throw new Error/,
  ],
  [
    "a syntax error",
    { "system.ts": "export default {\n  id: ,\n};\n" },
    "definition-throws",
    /system\.ts:2:\d+ {3}.*\n/,
  ],
  ["an unknown import", { "system.ts": 'import "./gone.ts";' }, "definition-throws", /gone\.ts/],
  [
    "broken YAML",
    { "system.yaml": "id: edge\nunits: {enable: [\n" },
    "definition-not-readable",
    /is not YAML\n {2}.*system\.yaml:3:1/,
  ],
  [
    "a YAML key twice",
    { "system.yaml": "id: a\nid: b\n" },
    "definition-not-readable",
    /system\.yaml:2:1 .*unique/,
  ],
  ["a YAML tag", { "system.yaml": "id: !env ID\n" }, "definition-not-readable", /system\.yaml:1:5 .*tag/],
  [
    "a missing base",
    { "system.yaml": "extends: gone.yaml\n" },
    "definition-not-found",
    /gone\.yaml": there is no such file/,
  ],
  [
    "a circle",
    { "a.yaml": "extends: b.yaml\n", "b.yaml": "extends: a.yaml\n" },
    "definition-extends-itself",
    /a\.yaml → .*b\.yaml → .*a\.yaml/,
  ],
];

for (const [name, files, code, message] of UNLOADABLE) {
  test(`a file that cannot be loaded says why: ${name}`, async () => {
    await withFiles(files, (file) =>
      assert.rejects(loadDefinition(file), (error) => {
        assert.ok(error instanceof LoadDefinitionError, String(error));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      }),
    );
  });
}

const CHECKS = pathToFileURL(join(import.meta.dirname, "../release/checks/readyMadeChecks.ts")).href;
const IMPORT_CHECKS = `${IMPORT}import { noPackage, nothingListens } from ${JSON.stringify(CHECKS)};\n`;

test("checks come out of a definition and of its bases, and leave plain data", async () => {
  const files = {
    "system.ts": `${IMPORT_CHECKS}import base from "./base.ts";
export default extendSystem(base, { id: "edge", checks: [noPackage("gcc"), ...base.checks] });`,
    "base.ts": `${IMPORT_CHECKS}export default extendSystem("./deep.yaml", {
  checks: [nothingListens(), { name: "own", check: async () => [] }],
});`,
    "deep.yaml": 'id: deep\nversion: "1.0"\n',
  };
  await withFiles(files, async (file) => {
    const { definition, checks } = await loadDefinition(file);
    assert.deepEqual(
      checks.map(({ name }) => name),
      ["nothing listens", "own", "no package gcc"],
    );
    assert.deepEqual(structuredClone(definition), definition);
    assert.equal("checks" in definition, false);
  });
  await withFiles({ "system.yaml": files["deep.yaml"] }, async (file) =>
    assert.deepEqual((await loadDefinition(file)).checks, []),
  );
});

test("what is wrong with checks is told among the other problems, with its place", async () => {
  assert.deepEqual(
    await problemsOf({
      "system.ts": `${IMPORT_CHECKS}export default defineSystem({
  id: "Edge",
  version: "1.0",
  checks: [noPackage(/gcc/), nothingListens, { name: "own" }],
  chekcs: [],
});`,
    }),
    [
      'system.ts:4:7 id is "Edge"',
      "system.ts:6:30 checks[1] is a function",
      'system.ts:7:3 unknown key "chekcs"',
      "system.ts:undefined:undefined checks[2].check is missing",
    ],
  );
  assert.deepEqual(
    await problemsOf({
      "system.ts": `${IMPORT}export default extendSystem("./base.yaml", { id: "edge" });`,
      "base.yaml": 'id: base\nversion: "1.0"\nchecks: { listen: [] }\n',
    }),
    ["base.yaml:3:9 checks is an object"],
  );
});

test("the module of a probe is beside the definition that names it, also when that is a base elsewhere", async () => {
  const files = {
    "system.yaml":
      "extends: bases/base.ts\nid: edge\nversion: '1'\nhealth: { probes: { top: { function: ./top.ts } } }\n",
    "top.ts": "export default () => {};\n",
    "bases/base.ts": `${IMPORT}export default defineSystem({ id: "base", version: "1", health: { probes: { deep: { function: "./deep.ts" } } } });`,
    "bases/deep.ts": "export default () => {};\n",
  };
  await withFiles(files, async (file) => {
    const { probeModules, readFiles } = await loadDefinition(file);
    const expected = { deep: join(dirname(file), "bases/deep.ts"), top: join(dirname(file), "top.ts") };
    assert.deepEqual(Object.fromEntries(probeModules), expected);
    for (const module of Object.values(expected)) assert.ok(readFiles.includes(module), module);
  });
});

test("a module of a probe that is not there is told with its line", async () => {
  const problems = await problemsOf({
    "system.yaml": "id: edge\nversion: '1'\nhealth:\n  probes:\n    top: { function: ./top.ts }\n",
  });
  assert.deepEqual(problems, ['system.yaml:5:22 health.probes.top.function is "DIR/top.ts"']);
});
