import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { test } from "node:test";

/** Who may import whom, below src/. STYLE: rules in the middle, the machine at the edge. */
const RULES = ["definition", "release", "delta", "trust", "boot", "health", "config"];
const SHARED = ["progress", "protocol"];
const MAKERS = ["image", "vm", "proof"];

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  progress: [],
  protocol: [],
  ...toRows(RULES, [...RULES, "progress"]),
  system: [...RULES, ...SHARED],
  ...toRows(MAKERS, [...RULES, ...SHARED, "system"]),
  ...toRows(["agent", "fleet"], [...RULES, ...SHARED, "system"]),
  cli: [...RULES, ...SHARED, ...MAKERS, "system"],
};

/** Modules of Node that compute; everyone may use them. */
const COMPUTING = ["assert", "assert/strict", "buffer", "crypto", "util", "zlib"];
/** These hold a program together, and touch nothing but the process itself. */
const PLUMBING = ["events", "path", "path/posix", "stream", "stream/promises", "timers/promises", "url"];
/** How programs talk to people and to each other. */
const TALKING = [
  "console",
  "http",
  "http2",
  "module",
  "net",
  "process",
  "readline",
  "readline/promises",
  "tls",
  "tty",
];

const MAY_USE_OF_NODE: Readonly<Record<string, readonly string[]>> = {
  ...toRows([...RULES, ...SHARED], COMPUTING),
  ...toRows(MAKERS, [...COMPUTING, ...PLUMBING]),
  ...toRows(["agent", "cli", "fleet"], [...COMPUTING, ...PLUMBING, ...TALKING]),
};

/** What makes a rule depend on more than its arguments: clock, chance, network, surroundings. */
const NOT_IN_RULES =
  /\b(Date\.now\(|new Date\(\)|performance\.now\(|Math\.random\(|random(Bytes|UUID|Int)\(|fetch\(|process\.|setTimeout\()/;

const HOMELESS = ["utils", "util", "lib", "common", "helpers", "misc", "shared"];

function toRows(folders: readonly string[], may: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(folders.map((folder) => [folder, may]));
}

interface SourceFile {
  /** Below the clone: `src/image/buildDisk.ts`. */
  readonly path: string;
  /** The first folder below src. */
  readonly folder: string;
  readonly text: string;
}

const CLONE = join(import.meta.dirname, "..");

/** What runs in production. Tests may call the real tools, wherever they lie; generated code is not ours to order. */
async function readSources(): Promise<SourceFile[]> {
  const paths = await readdir(join(CLONE, "src"), { recursive: true });
  const sources = paths.filter((path) => /(?<!\.test)\.ts$/.test(path) && !path.startsWith("protocol/gen/"));
  return Promise.all(
    sources.map(async (path) => ({
      path: join("src", path),
      folder: path.split("/")[0] ?? "",
      text: await readFile(join(CLONE, "src", path), "utf8"),
    })),
  );
}

/** Static, dynamic and type imports alike: a type is a dependency too. */
function findImports(text: string): string[] {
  const statements = /^\s*(?:import|export)\b[^"';]*?["']([^"'\n]+)["']/gm;
  const calls = /\bimport\(\s*["']([^"'\n]+)["']/g;
  return [...text.matchAll(statements), ...text.matchAll(calls)].flatMap((match) => match[1] ?? []);
}

/** The folder below src that an import leads to; undefined for packages and for files outside src. */
function toFolder(source: SourceFile, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return specifier.slice(1).split("/")[0];
  if (!specifier.startsWith(".")) return undefined;
  const [top, folder] = normalize(join(source.path, "..", specifier)).split("/");
  return top === "src" ? folder : undefined;
}

const sources = await readSources();

test("every import goes in an allowed direction", () => {
  const wrong = sources.flatMap((source) =>
    findImports(source.text)
      .filter((specifier) => {
        const folder = toFolder(source, specifier);
        return (
          folder !== undefined && folder !== source.folder && !MAY_IMPORT[source.folder]?.includes(folder)
        );
      })
      .map(
        (specifier) => `${source.path} imports ${specifier}: ${source.folder} may not depend on that folder`,
      ),
  );
  assert.deepEqual(wrong, []);
});

test("only system touches the machine", () => {
  const wrong = sources
    .filter((source) => source.folder !== "system")
    .flatMap((source) =>
      findImports(source.text)
        .filter((specifier) => specifier.startsWith("node:"))
        .filter((specifier) => !MAY_USE_OF_NODE[source.folder]?.includes(specifier.slice("node:".length)))
        .map(
          (specifier) =>
            `${source.path} imports ${specifier}: what touches the machine belongs in src/system`,
        ),
    );
  assert.deepEqual(wrong, []);
});

test("rules look at nothing but their arguments", () => {
  const wrong = sources
    .filter((source) => RULES.includes(source.folder))
    .flatMap((source) =>
      source.text
        .split("\n")
        .map((line, index) => ({
          line: line.replace(/^\s*(\/\/|\/?\*).*/, ""),
          place: `${source.path}:${index + 1}`,
        }))
        .filter(({ line }) => NOT_IN_RULES.test(line))
        .map(({ line, place }) => `${place} uses ${NOT_IN_RULES.exec(line)?.[1] ?? ""}…`),
    );
  assert.deepEqual(wrong, []);
});

test("every folder of src has its line in the table, and no folder is without a subject", async () => {
  const entries = await readdir(join(CLONE, "src"), { recursive: true, withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory());
  const top = folders.filter((entry) => entry.parentPath === join(CLONE, "src")).map((entry) => entry.name);
  assert.deepEqual(
    top.filter((name) => !(name in MAY_IMPORT)),
    [],
    "add the folder to MAY_IMPORT",
  );
  assert.deepEqual(
    folders.map((entry) => entry.name).filter((name) => HOMELESS.includes(name)),
    [],
    "name the folder after its subject",
  );
});

test("imports are found in every form in which they are written", () => {
  const text = [
    'import { a } from "#a/a.ts";',
    "import type {",
    "  B,",
    '} from "../b/b.ts";',
    'import "node:fs";',
    'export { c } from "./c.ts";',
    'const d = await import("#d/d.ts");',
    'import e from "../e.json" with { type: "json" };',
  ].join("\n");
  assert.deepEqual(findImports(text).sort(), [
    "#a/a.ts",
    "#d/d.ts",
    "../b/b.ts",
    "../e.json",
    "./c.ts",
    "node:fs",
  ]);
  const source = { path: "src/image/x.ts", folder: "image", text };
  assert.equal(toFolder(source, "#a/a.ts"), "a");
  assert.equal(toFolder(source, "../b/b.ts"), "b");
  assert.equal(toFolder(source, "./c.ts"), "image");
  assert.equal(toFolder(source, "../../package.json"), undefined);
  assert.equal(toFolder(source, "zod"), undefined);
});
