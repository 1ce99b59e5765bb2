import assert from "node:assert/strict";
import { test } from "node:test";
import { locateInTypeScript } from "./locateInTypeScript.ts";

const TEXT = `import { defineSystem } from "socle"; // defineSystem({ id: "comment" })
const extra = ["vim"];
export default defineSystem({
  id: 'edge', version: "1.0",
  /* packages: [] */
  packages: ["a1", "b2", ],
  files: { "/etc/motd": { content: \`id: "x" }\`, mode: 644 }, "/etc/b": "b" },
  kernel: { arguments: [...extra, "quiet"] },
  hostname,
  timeZone: zone("Paris"),
});
`;

test("keys and values that are spelled out are found", () => {
  const locate = locateInTypeScript(TEXT);
  assert.deepEqual(locate(["id"], "key"), { line: 4, column: 3 });
  assert.deepEqual(locate(["id"], "value"), { line: 4, column: 7 });
  assert.deepEqual(locate(["version"], "value"), { line: 4, column: 24 });
  assert.deepEqual(locate(["packages", 1], "value"), { line: 6, column: 20 });
  assert.deepEqual(locate(["files", "/etc/motd", "mode"], "value"), { line: 7, column: 55 });
  assert.deepEqual(locate(["files", "/etc/b"], "key"), { line: 7, column: 62 });
  assert.deepEqual(locate(["hostname"], "value"), { line: 9, column: 3 });
  assert.deepEqual(locate(["timeZone"], "value"), { line: 10, column: 13 });
});

test("what would need a real parser is not found, rather than found wrongly", () => {
  const locate = locateInTypeScript(TEXT);
  assert.equal(locate(["kernel", "arguments", 1], "value"), undefined, "behind a spread");
  assert.equal(locate(["locale"], "value"), undefined, "not there");
  assert.equal(locate(["packages", 2], "value"), undefined, "after the last");
  assert.equal(locate(["id", "x"], "value"), undefined, "not an object");
  assert.equal(locate([], "value"), undefined);

  const beyond = [
    "export default defineSystem({ ...base, id: 1 });",
    "export default defineSystem({ [key]: 1, id: 1 });",
    "export default defineSystem({ id: 1, id: 2 });",
    "const a = defineSystem({ id: 1 }); export default defineSystem({ id: 2 });",
    "const half = size / 2; export default defineSystem({ id: 1 });",
    "const half = (size) / 2; const b = 1 / 2; export default defineSystem({ id: 1 });",
    "export default defineSystem({ name: `${a(`${b}`)}`, id: 1 });",
    "export default defineSystem({ name: `${a('}')}`, id: 1 });",
    "export default defineSystem(system);",
    'export default defineSystem({ id: "open',
  ];
  for (const text of beyond) assert.equal(locateInTypeScript(text)(["id"], "value"), undefined, text);
});

test("changes to a base and a bare object are read as well", () => {
  assert.deepEqual(locateInTypeScript('export default extendSystem("./b.ts", { id: 1 })')(["id"], "value"), {
    line: 1,
    column: 45,
  });
  assert.deepEqual(locateInTypeScript("export default { id: 1 }")(["id"], "value"), { line: 1, column: 22 });
});

test("checks, with regular expressions and templates in them, hide nothing", () => {
  const text = `export default defineSystem({
  checks: [noLicence(/[/"]AGPL\\//i), { name: "a", check: (r) => r.files.map((f) => \`\${f.path} "{\`) }],
  id: 1,
});`;
  const locate = locateInTypeScript(text);
  assert.deepEqual(locate(["id"], "value"), { line: 3, column: 7 });
  assert.deepEqual(locate(["checks", 0], "value"), { line: 2, column: 12 });
  assert.deepEqual(locate(["checks", 1, "name"], "value"), { line: 2, column: 46 });
});
