import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

const CLONE = join(import.meta.dirname, "..");

/** Every code of every subclass of SocleError, with the file that declares it. */
async function readDeclaredCodes(): Promise<Map<string, string>> {
  const paths = await readdir(join(CLONE, "src"), { recursive: true });
  const codes = new Map<string, string>();
  for (const path of paths.filter((name) => /(?<!\.test)\.ts$/.test(name))) {
    const source = await readFile(join(CLONE, "src", path), "utf8");
    const text = source.replaceAll(/\/\*[^]*?\*\//g, ""); // a comment between codes may have a semicolon
    for (const [, parameter = ""] of text.matchAll(/\bclass \w+ extends SocleError<([^>]+)>/g)) {
      const alias = new RegExp(`type ${parameter.trim()} =([^;]+);`).exec(text)?.[1];
      for (const [, code = ""] of (alias ?? parameter).matchAll(/"([a-z0-9-]+)"/g))
        codes.set(code, `src/${path}`);
    }
  }
  return codes;
}

async function readDocumentedCodes(): Promise<string[]> {
  const text = await readFile(join(CLONE, "docs/errors.md"), "utf8");
  return [...text.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map((match) => match[1] ?? "");
}

test("docs/errors.md lists every error code once, in order, and no other", async () => {
  const declared = await readDeclaredCodes();
  const documented = await readDocumentedCodes();
  const undocumented = [...declared].filter(([code]) => !documented.includes(code));
  assert.deepEqual(undocumented, [], "codes without a line");
  assert.deepEqual(
    documented.filter((code) => !declared.has(code)),
    [],
    "lines without a code",
  );
  assert.deepEqual(documented, [...new Set(documented)].sort(), "sorted, without doubles");
  assert.ok(declared.size > 10, "the declarations are found at all");
});
