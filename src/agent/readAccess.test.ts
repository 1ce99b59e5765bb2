import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";

import { createCertificateAuthority } from "#trust/certificates.ts";
import { createRevocationList } from "#trust/createRevocationList.ts";

import { createLog } from "./log.ts";
import { readAccess } from "./readAccess.ts";

const now = new Date();
const [a, b, c] = await Promise.all(
  ["a", "b", "c"].map((name) => createCertificateAuthority(name, { now, days: 1 })),
);
assert.ok(a && b && c);
const revocations = await createRevocationList(a, { revoked: [], number: 1, now, nextUpdate: now });
const ofAnother = await createRevocationList(c, { revoked: [], number: 1, now, nextUpdate: now });

const toDocument = (access?: object) =>
  JSON.stringify({ apiVersion: "socle/v1", kind: "MachineConfiguration", ...(access && { access }) });
const namesA = toDocument({ authorities: [a.cert], revocations });
const namesB = toDocument({ authorities: [b.cert] });
const namesNobody = toDocument();
const refused = '{ "kind": "MachineConfiguration" }';
const mismatched = toDocument({ authorities: [a.cert], revocations: ofAnother });

interface Machine {
  readonly document?: string;
  readonly credential?: string;
  readonly kept?: string;
  readonly isOnTrial?: true;
}

/** Starts a machine, and says who is let in, by the names of the authorities. */
async function look({ document, credential, kept, isOnTrial }: Machine) {
  let after = kept;
  const found = await readAccess({
    findDocument: () =>
      Promise.resolve(
        document === undefined
          ? undefined
          : { source: "generation", ...(isOnTrial && { isOnTrial }), content: { text: document } },
      ),
    readAuthority: () => Promise.resolve(credential),
    readKept: () => Promise.resolve(kept),
    writeKept: (text) => {
      after = text;
      return Promise.resolve();
    },
    log: createLog(() => {}, Date.now),
  });
  const names = found.access?.clientAuthorities.map((pem) => new X509Certificate(pem).subject.slice(3));
  return { names, ...found, kept: after };
}

const sourcesOf = async (machine: Machine) =>
  [...(await look(machine)).sources].map(
    ([pem, source]) => `${new X509Certificate(pem).subject.slice(3)} ${source}`,
  );

test("of each authority it is told who says that its callers are let in", async () => {
  assert.deepEqual(await sourcesOf({}), []);
  assert.deepEqual(await sourcesOf({ document: namesA, credential: c?.cert ?? "" }), [
    "a configuration",
    "c credential",
  ]);
  assert.deepEqual(await sourcesOf({ document: refused, credential: c?.cert ?? "", kept: keptA ?? "" }), [
    "a kept",
    "c credential",
  ]);
  assert.deepEqual(await sourcesOf({ kept: keptCredential ?? "" }), ["c kept"]);
});

const keptA = (await look({ document: namesA })).kept;
const keptCredential = (await look({ credential: c.cert })).kept;
assert.ok(keptA !== undefined && keptCredential !== undefined);

const table: readonly (readonly [what: string, machine: Machine, names: readonly string[] | undefined])[] = [
  ["nothing at all", {}, undefined],
  ["a document that names nobody", { document: namesNobody }, undefined],
  ["a document that is refused, from the beginning", { document: refused }, undefined],
  ["a document", { document: namesA }, ["a"]],
  ["a credential", { credential: c.cert }, ["c"]],
  ["both", { document: namesA, credential: c.cert }, ["a", "c"]],
  ["both, the same", { document: namesA, credential: a.cert }, ["a"]],
  ["another document than before", { document: namesB, kept: keptA }, ["b"]],
  ["a document that is refused, after a good one", { document: refused, kept: keptA }, ["a"]],
  ["the same with a credential", { document: refused, credential: c.cert, kept: keptA }, ["a", "c"]],
  ["a document that names nobody, after one that did", { document: namesNobody, kept: keptA }, ["a"]],
  ["no document any more", { kept: keptA }, ["a"]],
  ["a list of another authority", { document: mismatched, kept: keptA }, ["a"]],
  ["a credential that is gone", { kept: keptCredential }, ["c"]],
  ["another credential than before", { credential: b.cert, kept: keptCredential }, ["b"]],
  ["a document after a credential", { document: namesA, kept: keptCredential }, ["a"]],
  ["a damaged credential, and a document", { document: namesA, credential: "?" }, ["a"]],
  ["a damaged record, and a document", { document: namesA, kept: "{" }, ["a"]],
  ["a damaged record, and a credential", { credential: c.cert, kept: '{"authorities":[]}' }, ["c"]],
];

for (const [what, machine, names] of table)
  test(`${what}: ${names === undefined ? "maintenance mode" : `${names.join(" and ")} may sign callers`}`, async () => {
    assert.deepEqual((await look(machine)).names, names);
  });

test("what is damaged opens no machine", async () => {
  await assert.rejects(look({ kept: "{" }), { code: "kept-access-malformed" });
  await assert.rejects(look({ kept: '{"source":"configuration","authorities":["?"]}' }), {
    code: "authorities-malformed",
  });
  await assert.rejects(look({ credential: "?" }), { code: "authorities-malformed" });
});

test("a machine keeps what its document says, with the lists, until another one says otherwise", async () => {
  const first = await look({ document: namesA, credential: c.cert });
  assert.equal(first.access?.revocations?.trim(), revocations.trim());
  assert.equal(first.kept, keptA, "the credential is not the document's");
  const later = await look({ document: refused, kept: keptA });
  assert.equal(later.kept, keptA);
  assert.equal(later.access?.revocations?.trim(), revocations.trim());
  assert.notEqual((await look({ document: namesB, kept: keptA })).kept, keptA);
});

test("every problem of a document is told, and none of a good one", async () => {
  assert.deepEqual((await look({ document: namesA })).problems, []);
  const { problems } = await look({ document: refused, kept: keptA });
  assert.deepEqual(
    problems.map(({ path }) => path),
    ["apiVersion"],
  );
  assert.equal((await look({ document: mismatched, kept: keptA })).problems[0]?.path, "access");
});

test("a document on trial lets its callers in, and leaves nothing behind when it is taken back", async () => {
  const tried = await look({ document: namesB, isOnTrial: true, credential: c.cert, kept: keptCredential });
  assert.deepEqual(tried.names, ["b", "c"]);
  assert.equal(tried.kept, keptCredential);
  assert.deepEqual((await look({ document: namesNobody, credential: c.cert, kept: tried.kept })).names, [
    "c",
  ]);
});
