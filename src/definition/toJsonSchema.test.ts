import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { findSchemaProblems } from "./findSchemaProblems.ts";
import { toJsonSchema } from "./toJsonSchema.ts";

test("the published schema is the one of this source (renew it with --test-update-snapshots)", (t) => {
  const file = join(import.meta.dirname, "../../schema/socle-definition.schema.json");
  t.assert.fileSnapshot(toJsonSchema(), file, {
    serializers: [(value) => `${JSON.stringify(value, null, 2)}\n`],
  });
});

interface Documented {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Documented>>;
  readonly anyOf?: readonly Documented[];
  readonly additionalProperties?: Documented;
}

/** Every description below a schema, by `parent.key`. */
function* descriptionsOf(
  { properties = {}, anyOf = [], additionalProperties }: Documented,
  parent = "",
): Generator<[string, string]> {
  for (const [key, schema] of Object.entries(properties)) {
    if (schema.description !== undefined) yield [key, schema.description];
    yield* descriptionsOf(schema, key);
  }
  for (const schema of anyOf) yield* descriptionsOf(schema, parent);
  if (additionalProperties) yield* descriptionsOf(additionalProperties, parent);
}

test("an editor says the same in TypeScript as in YAML", () => {
  const source = readFileSync(join(import.meta.dirname, "systemInput.ts"), "utf8");
  const documented = new Set(
    [...source.matchAll(/\/\*\* (.*) \*\/\n {2}readonly (\w+)\??:/g)].map(
      ([, text, key]) => `${key}: ${text}`,
    ),
  );
  const described = [...descriptionsOf(toJsonSchema())];
  assert.ok(described.length > 40, `${described.length} keys have a description`);
  for (const [key, text] of described) {
    assert.ok(documented.has(`${key}: ${text}`), `systemInput.ts does not say of ${key}: ${text}`);
  }
});

const EXAMPLES: readonly object[] = [
  { id: "edge", version: "1.0" },
  { extends: "./base.yaml", packages: ["nginx"], remove: { packages: ["vim"] } },
  { id: "edge", version: "1.0", level: { usr: "verified", etc: "read-only", var: "temporary" } },
  { id: "edge", version: "1.0", disk: { size: "2GiB", esp: 268435456 }, sourceDate: "2026-01-01" },
  { id: "edge", version: "1.0", files: { "/etc/a": "a", "/etc/b": { source: "./b", mode: "0600" } } },
  { id: "Edge", version: "1.0" },
  { id: "edge", version: "1.0", serivces: [] },
  { id: "edge", version: "1.0", level: "seald" },
  { id: "edge", version: "1.0", files: { "etc/a": "a" } },
  { id: "edge", version: "1.0", files: { "/etc/a": { content: "a", source: "./a" } } },
  { id: "edge", version: "1.0", packages: ["nginx=1"] },
  { id: "edge", version: "1.0", disk: { size: "large" } },
  { id: "edge", version: "1.0", bootTries: 10 },
];

test("an editor with the schema accepts and refuses what socle does", () => {
  const validate = new Ajv2020({ strict: false }).compile(toJsonSchema());
  for (const example of EXAMPLES) {
    assert.equal(validate(example), findSchemaProblems(example).length === 0, JSON.stringify(example));
  }
});
