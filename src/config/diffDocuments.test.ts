import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { diffDocuments, toShownDocument } from "./diffDocuments.ts";
import { WHOLE_DOCUMENT } from "./wholeDocument.fixture.ts";

function lines(from: unknown, to: unknown): string[] {
  return diffDocuments(from, to).map(
    ({ path, from: before, to: after }) => `${path}: ${before ?? "-"} > ${after ?? "-"}`,
  );
}

test("the smallest parts that differ are told with their paths", () => {
  const table: [unknown, unknown, string[]][] = [
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, []],
    [{}, { hostname: "a" }, ['hostname: - > "a"']],
    [{ hostname: "a" }, {}, ['hostname: "a" > -']],
    [{ n: { i: [{ dns: [1] }] } }, { n: { i: [{ dns: [2] }] } }, ["n.i[0].dns[0]: 1 > 2"]],
    [{ n: [1, 2] }, { n: [2] }, ["n: [1,2] > [2]"]],
    [{ sysctls: { "vm.swappiness": 1 } }, { sysctls: {} }, ['sysctls["vm.swappiness"]: 1 > -']],
    [{ a: [] }, { a: {} }, ["a: [] > {}"]],
    [JSON.parse('{"__proto__":1}'), {}, ["__proto__: 1 > -"]],
  ];
  for (const [from, to, expected] of table) assert.deepEqual(lines(from, to), expected);
});

test("two documents with equal parts have no difference, and any two have the same from both sides", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      assert.deepEqual(diffDocuments(a, structuredClone(a)), []);
      assert.equal(diffDocuments(a, b).length, diffDocuments(b, a).length);
    }),
    { numRuns: 300 },
  );
});

test("a password or a key is in nothing that is shown, not even where only it differs", () => {
  const proxy = (password: string) => ({ network: { proxy: { http: `http://u:${password}@p.example` } } });
  assert.deepEqual(diffDocuments(proxy("one"), proxy("two")), [
    {
      path: "network.proxy.http",
      keys: ["network", "proxy", "http"],
      from: '"http://u:…@p.example"',
      to: '"http://u:…@p.example"',
      differsInSecret: true,
    },
  ]);
  const shown = JSON.stringify(toShownDocument(WHOLE_DOCUMENT));
  assert.doesNotMatch(shown, /pass%40word/);
  assert.match(shown, /user:…@proxy\.example\.org:3128/);
  const key = "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----";
  assert.deepEqual(toShownDocument({ a: [`x${key}y`, "-----BEGIN PRIVATE KEY-----\nMIGH"] }), {
    a: ["x(a private key)y", "(a private key)"],
  });
});
