import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { listMethodRoles } from "#protocol/methodRoles.ts";

import { API_REFERENCE, makeApiReference } from "../scripts/apiReference.ts";

test("docs/api-reference.md is what `npm run generate` makes, and has every method with its role", async () => {
  const text = await readFile(API_REFERENCE, "utf8");
  assert.ok(text === (await makeApiReference()), "run `npm run generate`");
  for (const [method, role] of listMethodRoles())
    assert.ok(text.includes(`| \`${method.split("/")[1]}\` | ${role} |`), method);
});
