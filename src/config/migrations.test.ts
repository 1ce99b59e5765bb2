import assert from "node:assert/strict";
import { test } from "node:test";

import { CURRENT_FORM, migrateDocument, MIGRATIONS, type Migration } from "./migrations.ts";

const TABLE: readonly Migration[] = [
  { from: "a/v1", to: "a/v2", migrate: ({ name, ...others }) => ({ ...others, hostname: name }) },
  { from: "a/v2", to: "a/v3", migrate: (document) => ({ ...document, network: {} }) },
];

test("a document goes through every form between its own and the newest", () => {
  const old = { apiVersion: "a/v1", name: "edge", other: 1 };
  assert.deepEqual(migrateDocument(old, TABLE), {
    document: { apiVersion: "a/v3", hostname: "edge", other: 1, network: {} },
    writtenAs: "a/v1",
  });
  assert.deepEqual(old, { apiVersion: "a/v1", name: "edge", other: 1 });
  assert.deepEqual(migrateDocument({ apiVersion: "a/v2" }, TABLE).document, {
    apiVersion: "a/v3",
    network: {},
  });
});

test("what is of the newest form, or of none that is known, stays as it is", () => {
  for (const document of [{ apiVersion: "a/v3", name: "x" }, { apiVersion: "a/v4" }, { apiVersion: 1 }, {}]) {
    assert.equal(migrateDocument(document, TABLE).document, document);
  }
  for (const document of [null, [], "a/v1", 7, undefined]) {
    assert.deepEqual(migrateDocument(document, TABLE), { document, writtenAs: undefined });
  }
});

test("a table that leads in a ring ends all the same", () => {
  const ring = [...TABLE, { from: "a/v3", to: "a/v1", migrate: (document: object) => ({ ...document }) }];
  assert.equal(migrateDocument({ apiVersion: "a/v1" }, ring).writtenAs, "a/v1");
});

test("each form that there was leads to the one that is read", () => {
  for (const { from } of MIGRATIONS) {
    assert.deepEqual(
      Object.entries(migrateDocument({ apiVersion: from }).document ?? {}).find(
        ([key]) => key === "apiVersion",
      ),
      ["apiVersion", CURRENT_FORM],
    );
  }
});
