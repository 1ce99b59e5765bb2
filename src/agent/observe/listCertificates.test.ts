import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";

import { create, toJsonString } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import { AUTHORITY } from "#config/certificates.fixture.ts";
import type { FoundDocument } from "#config/judgeDocument.ts";
import { ListCertificatesResponseSchema } from "#protocol/gen/socle/v1/observe_pb.ts";
import { createCertificateAuthority, createOwnCertificate } from "#trust/certificates.ts";
import { createRevocationList } from "#trust/createRevocationList.ts";

import { createMemoryMachine } from "../memoryMachine.ts";
import { listCertificates, TRUSTED_BUNDLE_PATH, type CertificateSources } from "./listCertificates.ts";

const now = new Date("2026-11-22T12:00:00Z");
const own = await createOwnCertificate({ name: "edge-01", now, days: 7300 });
const [a, b] = await Promise.all([
  createCertificateAuthority("a", { now, days: 365 }),
  createCertificateAuthority("b", { now, days: 10 }),
]);
const revocations = await createRevocationList(a, {
  revoked: [
    { serial: "1234", at: now },
    { serial: "5678", at: now },
  ],
  number: 300,
  now,
  nextUpdate: new Date("2027-01-01T00:00:00Z"),
});

const toDocument = (more: object): FoundDocument => ({
  source: "generation",
  generation: 3,
  content: { text: JSON.stringify({ apiVersion: "socle/v1", kind: "MachineConfiguration", ...more }) },
});

async function list(sources: Partial<CertificateSources>, bundle?: string) {
  const machine = createMemoryMachine({
    files: bundle === undefined ? {} : { [TRUSTED_BUNDLE_PATH]: bundle },
    folders: {},
    outputs: {},
    entries: {},
  });
  const answer = await listCertificates(machine, {
    own: { certificate: own.cert, source: "machine" },
    readAccess: () => ({ clientAuthorities: [a.cert] }),
    readAuthoritySources: () => new Map(),
    findDocument: () => Promise.resolve(undefined),
    ...sources,
  });
  return create(ListCertificatesResponseSchema, answer);
}

test("the machine's own certificate is known by the fingerprint that openssl would show", async () => {
  const { own: shown } = await list({});
  assert.equal(shown?.subject, "CN=edge-01");
  const hex = new X509Certificate(own.cert).fingerprint256.replaceAll(":", "").toLowerCase();
  assert.equal(shown?.fingerprint, `sha256:${hex}`);
  assert.equal(shown.source, "machine");
  assert.ok(shown.notAfter && shown.notBefore);
  assert.equal(timestampDate(shown.notAfter).getTime(), new X509Certificate(own.cert).validToDate.getTime());
  const given = await list({ own: { certificate: own.cert, source: "credential" } });
  assert.equal(given.own?.source, "credential");
});

test("each authority has its source and its own list of revoked certificates", async () => {
  const answer = await list({
    readAccess: () => ({ clientAuthorities: [a.cert, b.cert], revocations }),
    readAuthoritySources: () => new Map([[a.cert, "configuration"]]),
  });
  const [first, second] = answer.authorities;
  assert.deepEqual(
    [first?.certificate?.subject, first?.certificate?.source, second?.certificate?.subject],
    ["CN=a", "configuration", "CN=b"],
  );
  assert.equal(second?.certificate?.source, "kept", "in force, and nothing that was read says so");
  assert.equal(first?.revocations?.revoked, 2);
  assert.equal(first.revocations.number, "300", "more than one octet");
  assert.deepEqual(first.revocations.thisUpdate && timestampDate(first.revocations.thisUpdate), now);
  assert.equal(second.revocations, undefined);
});

test("authorities in one text are told one by one", async () => {
  const { authorities } = await list({ readAccess: () => ({ clientAuthorities: [a.cert + b.cert] }) });
  assert.deepEqual(
    authorities.map(({ certificate }) => certificate?.subject),
    ["CN=a", "CN=b"],
  );
});

const trust = toDocument({ trust: { authorities: [AUTHORITY] } });
const TRUSTED: readonly (readonly [
  what: string,
  document: FoundDocument | undefined,
  bundle: string,
  count: number,
])[] = [
  ["no document", undefined, AUTHORITY, 0],
  ["a document that names one, which programs read", trust, `# Debian\n${a.cert}${AUTHORITY}`, 1],
  ["a level that renders nothing", trust, a.cert, 0],
  ["a document that names none", toDocument({}), AUTHORITY, 0],
  ["a document that is refused", toDocument({ trust: { authorities: ["?"] } }), AUTHORITY, 0],
  ["one that cannot be read", { source: "drive", content: { unreadable: "EIO" } }, AUTHORITY, 0],
];
for (const [what, document, bundle, count] of TRUSTED)
  test(`whom programs trust: ${what}`, async () => {
    const { trusted } = await list({ findDocument: () => Promise.resolve(document) }, bundle);
    assert.equal(trusted.length, count);
    for (const { subject, source } of trusted)
      assert.deepEqual([subject, source], ["CN=Example authority", "configuration"]);
  });

test("no key and no certificate's body is in the answer", async () => {
  const json = toJsonString(ListCertificatesResponseSchema, await list({}));
  assert.doesNotMatch(json, /BEGIN|PRIVATE/);
});
