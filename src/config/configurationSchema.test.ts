import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { Ajv } from "ajv";

import { ConfigurationError } from "./configurationError.ts";
import { parseMachineConfiguration } from "./parseMachineConfiguration.ts";
import { WHOLE_DOCUMENT } from "./wholeDocument.fixture.ts";

const path = join(import.meta.dirname, "../../schema/socle-configuration.schema.json");
const schema = JSON.parse(await readFile(path, "utf8")) as object;
const isValid = new Ajv({ allowUnionTypes: true, strictRequired: false }).compile(schema);

/** The document with each of its values changed once, and with a key more in each of its objects. */
function* changeEach(
  value: unknown,
  change: (place: string, value: unknown) => unknown[],
  at = "",
): Generator<unknown> {
  yield* change(at, value);
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    for (const changed of changeEach(inner, change, `${at}.${key}`)) {
      if (Array.isArray(value))
        yield value.map((item: unknown, index) => (String(index) === key ? changed : item));
      else yield { ...value, [key]: changed };
    }
  }
}

function isTakenByParser(document: unknown): boolean {
  try {
    parseMachineConfiguration(document);
    return true;
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    return false;
  }
}

test("the schema takes a document with every key, as the parser does", () => {
  assert.ok(isValid(WHOLE_DOCUMENT), JSON.stringify(isValid.errors));
  assert.ok(isValid({ apiVersion: "socle/v1", kind: "MachineConfiguration" }));
});

test("the schema and the parser refuse the same: unknown keys, other types, and what is missing", () => {
  let count = 0;
  const differences: string[] = [];
  const compare = (document: unknown, what: string) => {
    count += 1;
    const isTaken = isTakenByParser(document);
    if (isTaken !== isValid(document)) differences.push(`${what}: parser ${isTaken}`);
  };
  const makers: ((place: string, value: unknown) => unknown[])[] = [
    (_place, value) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? [{ ...value, "un known": {} }]
        : [],
    (_place, value) => (Array.isArray(value) ? [[], {}, "text"] : [[], null]),
    (_place, value) => (typeof value === "string" ? [true] : []),
    (_place, value) => (typeof value === "boolean" || typeof value === "number" ? ["text\n", 0.5] : []),
  ];
  for (const [index, maker] of makers.entries()) {
    for (const changed of changeEach(WHOLE_DOCUMENT, maker)) {
      compare(changed, `${index} ${JSON.stringify(changed).slice(0, 5000)}`);
    }
  }
  assert.ok(count > 200, `${count}`);
  assert.deepEqual(
    differences.map((line) => line.slice(0, 200)),
    [],
  );
});
