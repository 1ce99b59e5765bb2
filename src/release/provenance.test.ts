import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";

import { signDsse } from "#trust/dsse.ts";
import { everyBit, findAcceptedFlips } from "#trust/flipBit.fixture.ts";
import { SignatureError } from "#trust/signatureError.ts";

import type { LockedPackage } from "./lock.ts";
import { encodeProvenance, PROVENANCE_PAYLOAD_TYPE, type ProvenanceInput } from "./provenance.ts";
import { ProvenanceError } from "./provenanceError.ts";
import { parseSha256 } from "./sha256.ts";
import { verifyProvenance } from "./verifyProvenance.ts";

const digestOf = (letter: string) => parseSha256(letter.repeat(64));
const locked = (name: string, letter: string): LockedPackage => ({
  name,
  version: "1:2.0+x-1~deb13u1",
  architecture: "amd64",
  archive: "debian",
  path: `pool/main/${name}.deb`,
  sizeBytes: 1,
  sha256: digestOf(letter),
});
const ROOT = { name: "minimal_1.0_x.root", sha256: digestOf("1") };
const MANIFEST = { name: "minimal_1.0.manifest.json", sha256: digestOf("2") };
const INPUT: ProvenanceInput = {
  subjects: [ROOT, MANIFEST],
  definition: { id: "minimal", version: "1.0", sha256: digestOf("3") },
  lock: { sha256: digestOf("4") },
  image: { suite: "bookworm", packages: [locked("libstdc++6", "6"), locked("bash", "5")] },
  tools: { suite: "trixie", packages: [locked("erofs-utils", "7")] },
  builder: { versions: { socle: "0.1.0" }, sources: [{ name: "src", sha256: digestOf("8") }] },
  commands: new Map([
    ["root", [["mkfs.erofs", "-T0", "root.img"]]],
    ["disk", []],
  ]),
};

function makeKey(keyId: string) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    keyId,
    publicKey,
    signer: { publicKey, sign: async (data: Uint8Array) => sign(null, data, privateKey) },
  };
}
const key = makeKey("alice");
const seal = async (payload: string, type = PROVENANCE_PAYLOAD_TYPE) =>
  `${await signDsse(type, Buffer.from(payload), [key])}\n`;
const ENVELOPE = await seal(encodeProvenance(INPUT));

interface Statement {
  predicate: {
    buildDefinition: { resolvedDependencies: object[]; externalParameters: object };
    runDetails: { byproducts: { content: string; digest: { sha256: string } }[] };
  };
}

test("the statement names what went in: sources, packages as package URLs, commands by step", () => {
  const { buildDefinition, runDetails } = (JSON.parse(encodeProvenance(INPUT)) as Statement).predicate;
  const deb = (name: string, distro: string) =>
    `pkg:deb/debian/${name}@1:2.0+x-1~deb13u1?arch=amd64&distro=${distro}`;
  assert.deepEqual(buildDefinition.resolvedDependencies, [
    { name: "src", digest: { sha256: digestOf("8") } },
    { uri: deb("bash", "bookworm"), digest: { sha256: digestOf("5") }, annotations: { use: "image" } },
    {
      uri: deb("libstdc%2B%2B6", "bookworm"),
      digest: { sha256: digestOf("6") },
      annotations: { use: "image" },
    },
    { uri: deb("erofs-utils", "trixie"), digest: { sha256: digestOf("7") }, annotations: { use: "tools" } },
  ]);
  const [commands] = runDetails.byproducts;
  const content = Buffer.from(commands?.content ?? "", "base64");
  assert.equal(content.toString(), '{"disk":[],"root":[["mkfs.erofs","-T0","root.img"]]}');
  assert.equal(commands?.digest.sha256, createHash("sha256").update(content).digest("hex"));
});

test("the order in which things are given makes no difference", () => {
  const shuffled: ProvenanceInput = {
    ...INPUT,
    subjects: INPUT.subjects.toReversed(),
    image: { ...INPUT.image, packages: INPUT.image.packages.toReversed() },
    commands: new Map([...INPUT.commands].toReversed()),
  };
  assert.equal(encodeProvenance(shuffled), encodeProvenance(INPUT));
});

test("the provenance of a release's files is accepted, for all of them and for some", () => {
  const { predicate } = verifyProvenance(ENVELOPE, [key], [ROOT, MANIFEST]);
  assert.deepEqual(predicate.buildDefinition.externalParameters, {
    definition: { id: "minimal", version: "1.0", digest: { sha256: digestOf("3") } },
    lock: { digest: { sha256: digestOf("4") } },
  });
  assert.doesNotThrow(() => verifyProvenance(ENVELOPE, [makeKey("bob"), key], [ROOT]));
});

// Of every byte of an envelope dsse.test.ts flips all; here the seventh ones, of all places in a byte.
test("a flipped bit of the envelope is refused", () => {
  const bytes = Buffer.from(ENVELOPE);
  const verify = (changed: Uint8Array) =>
    void verifyProvenance(Buffer.from(changed).toString(), [key], [ROOT, MANIFEST]);
  verify(bytes);
  assert.deepEqual(
    findAcceptedFlips(
      bytes,
      [...everyBit(bytes)].filter((bit) => bit % 7 === 0),
      verify,
      (error) => error instanceof SignatureError,
    ),
    [],
  );
});

test("a file with other bytes, an unknown file and no file at all are refused", () => {
  for (const [files, reason] of [
    [[{ ...ROOT, sha256: digestOf("9") }, MANIFEST], /"minimal_1.0_x.root" has other bytes$/],
    [[ROOT, { ...MANIFEST, name: "x" }], /"x" is not in it$/],
    [[], /there are none/],
  ] as const) {
    assert.throws(
      () => verifyProvenance(ENVELOPE, [key], files),
      (error) =>
        error instanceof ProvenanceError &&
        error.code === "provenance-mismatch" &&
        reason.test(error.message),
    );
  }
});

test("a signature by another key, under whatever name, is refused", () => {
  for (const other of [makeKey("bob"), makeKey("alice")])
    assert.throws(() => verifyProvenance(ENVELOPE, [other], [ROOT]), SignatureError);
});

const good = JSON.parse(encodeProvenance(INPUT)) as Record<string, unknown>;
for (const [what, payload, type] of [
  ["another type of payload", JSON.stringify(good), "text/plain"],
  ["a text that is not JSON", "{"],
  ["another statement", JSON.stringify({ ...good, _type: "https://in-toto.io/Statement/v0.1" })],
  ["another predicate", JSON.stringify({ ...good, predicateType: "https://slsa.dev/provenance/v0.2" })],
  ["a statement about nothing", JSON.stringify({ ...good, subject: [] })],
  ["a build of another type", encodeProvenance(INPUT).replace("urn:socle:build:v1", "urn:socle:build:v2")],
] as const) {
  test(`${what} is refused although it is signed`, async () => {
    const envelope = await seal(payload, type);
    assert.throws(
      () => verifyProvenance(envelope, [key], [ROOT]),
      (error) => error instanceof ProvenanceError && error.code === "provenance-malformed",
    );
  });
}
