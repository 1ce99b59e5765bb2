import assert from "node:assert/strict";
import { access, glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { ETC_POLICIES, LEVELS, type TreeGuarantee, USR_POLICIES, VAR_POLICIES } from "#definition/levels.ts";
import { ARTIFACTS } from "#release/releaseNames.ts";

const CLONE = join(import.meta.dirname, "..");

async function readDocument(name: string): Promise<string> {
  return readFile(join(CLONE, name), "utf8");
}

/** The body of the Markdown table with this header line. */
function findTable(text: string, header: string): string[] {
  const lines = text.split("\n");
  const start = lines.indexOf(header);
  assert.ok(start >= 0, `there is a table with the header ${header}`);
  const body = lines.slice(start + 2);
  const end = body.findIndex((line) => !line.startsWith("|"));
  return body.slice(0, end < 0 ? body.length : end);
}

function toRow(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function toPolicyRows(tree: string, policies: Readonly<Record<string, TreeGuarantee>>): string[] {
  return Object.entries(policies).map(([name, { writable, persists, executable, mechanism }]) => {
    const later = !writable ? "–" : persists ? "kept" : "gone";
    return toRow(
      `\`${tree}\``,
      name,
      writable ? "works" : "refused",
      later,
      executable ? "yes" : "no",
      mechanism,
    );
  });
}

test("docs/levels.md has the levels and policies of src/definition/levels.ts, and no others", async () => {
  const text = await readDocument("docs/levels.md");
  assert.deepEqual(
    findTable(text, "| level | `/usr` | `/etc` | `/var` |"),
    Object.entries(LEVELS).map(([name, { usr, etc, var: var_ }]) => toRow(`\`${name}\``, usr, etc, var_)),
  );
  assert.deepEqual(findTable(text, "| tree | policy | write as root | after a reboot | executable | how |"), [
    ...toPolicyRows("/usr", USR_POLICIES),
    ...toPolicyRows("/etc", ETC_POLICIES),
    ...toPolicyRows("/var", VAR_POLICIES),
  ]);
});

test("the README's levels are those of the table", async () => {
  const rows = findTable(await readDocument("README.md"), "| level | `/usr` | `/etc` | `/var` | for |");
  assert.deepEqual(
    rows.map((row) => row.split(" | ").slice(0, 4).join(" | ")),
    Object.entries(LEVELS).map(
      ([name, { usr, etc, var: var_ }]) => `| \`${name}\` | ${usr} | ${etc} | ${var_}`,
    ),
  );
});

test("docs/build.md names every file of a release as it is named", async () => {
  const rows = findTable(await readDocument("docs/build.md"), "| file | is |");
  const named = Object.values(ARTIFACTS).map(({ pattern, what }) => {
    return `| \`ID_${pattern.replace("@v", "VERSION").replace("@u", "UUID")}\` | ${what}`;
  });
  // A row may say more than the table in the code: a link to the format.
  const wrong = rows.filter(
    (row) => !row.includes("`SHA256SUMS`") && !named.some((start) => row.startsWith(start)),
  );
  assert.deepEqual(wrong, []);
  assert.equal(rows.length, named.length + 1);
});

test("every relative link in the documentation leads to a file, and to a heading where it names one", async () => {
  const wrong: string[] = [];
  let links = 0;
  for await (const name of glob(["*.md", "docs/**/*.md"], { cwd: CLONE })) {
    const text = (await readDocument(name)).replaceAll(/^```.*?^```/gms, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links += 1;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? name : join(dirname(name), path);
      const isThere = await access(join(CLONE, file)).then(
        () => true,
        () => false,
      );
      if (!isThere) wrong.push(`${name}: ${target}`);
      else if (anchor !== undefined && !toAnchors(await readDocument(file)).includes(anchor))
        wrong.push(`${name}: ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(links > 30, `links are found at all: ${links}`);
});

/** As code hosts make them from headings. */
function toAnchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
