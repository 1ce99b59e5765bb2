import assert from "node:assert/strict";
import { test } from "node:test";

import { DefinitionError } from "./definitionError.ts";
import { parseDefinition } from "./parseDefinition.ts";

const HEAD = { apiVersion: "socle/v1", kind: "MachineConfiguration" };

function parse(configuration: object, more: object = {}, file?: string) {
  const sources = new Map(file === undefined ? [] : [["/p/machine.yaml", Buffer.from(file)] as const]);
  return parseDefinition({ id: "edge", version: "1.0", configuration, ...more }, sources);
}

function problemsOf(configuration: object, more?: object, file?: string): string[] {
  try {
    parse(configuration, more, file);
  } catch (error) {
    assert.ok(error instanceof DefinitionError, String(error));
    return error.problems.map(({ path, wanted }) => `${path}: ${wanted}`);
  }
  return [];
}

test("a definition embeds a document, or a file with one, as JSON", () => {
  const inline = parse({ ...HEAD, hostname: "edge-01" }).configuration ?? "";
  assert.deepEqual(JSON.parse(inline), { ...HEAD, hostname: "edge-01" });
  const file = "apiVersion: socle/v1\nkind: MachineConfiguration\nhostname: edge-01\n";
  assert.equal(parse({ file: "/p/machine.yaml" }, {}, file).configuration, inline);
  assert.equal(parseDefinition({ id: "edge", version: "1.0" }).configuration, undefined);
});

test("what is wrong with an embedded document is told when the definition is checked", () => {
  const table: [object, object, string | undefined, RegExp[]][] = [
    [{ ...HEAD, hostname: "-" }, {}, undefined, [/^configuration\.hostname: a host name/]],
    [{ kind: HEAD.kind, x: 1 }, {}, undefined, [/^configuration\.x: /, /^configuration\.apiVersion: /]],
    [{ ...HEAD, hostname: "a" }, { level: "semi" }, undefined, [/^configuration\.hostname: no such key/]],
    [{ ...HEAD, update: { mode: "manual" } }, { level: "semi" }, undefined, []],
    [{ file: "/p/machine.yaml" }, {}, undefined, [/^configuration\.file: a file that can be read$/]],
    [{ file: "/p/machine.yaml" }, {}, "a: [", [/^configuration\.file: a file in JSON or YAML$/]],
    [
      { file: "/p/machine.yaml" },
      {},
      "kind: x",
      [/in which kind is "MachineC/, /in which apiVersion is "socle/],
    ],
    [{ file: 1 }, {}, undefined, [/^configuration: an object with file/]],
    [{ file: "/p/machine.yaml", more: 1 }, {}, "", [/^configuration: .* nothing beside it$/]],
  ];
  for (const [configuration, more, file, expected] of table) {
    const problems = problemsOf(configuration, more, file);
    assert.equal(problems.length, expected.length, problems.join("\n"));
    for (const pattern of expected)
      assert.ok(
        problems.some((problem) => pattern.test(problem)),
        problems.join("\n"),
      );
  }
});
