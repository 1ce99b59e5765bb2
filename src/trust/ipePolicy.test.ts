import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { makeTestSigner, type TestSigner } from "./certifiedSigner.fixture.ts";
import { encodeIpePolicy, signIpePolicy, verifyIpePolicy } from "./ipePolicy.ts";
import { SignatureError, type SignatureErrorCode } from "./signatureError.ts";

const TEXT = encodeIpePolicy({ name: "socle", version: "1.2.3" });
const rsa = await makeTestSigner("rsa");
const ecdsa = await makeTestSigner("ecdsa");
const folder = await mkdtemp(join(tmpdir(), "ipe-policy-"));
after(() => rm(folder, { recursive: true }));

async function openssl(signer: TestSigner, words: string): Promise<Buffer> {
  await writeFile(join(folder, "key"), signer.keyPem, { mode: 0o600 });
  await writeFile(join(folder, "certificate"), signer.certificatePem);
  const { status, stderr } = spawnSync("openssl", words.split(" "), { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return readFile(join(folder, "out"));
}

function signByOpenssl(signer: TestSigner): Promise<Buffer> {
  return openssl(
    signer,
    "smime -sign -signer certificate -inkey key -noattr -nodetach -nosmimecap -binary -in policy -outform der -out out",
  );
}

await writeFile(join(folder, "policy"), TEXT);

/** The rules as the kernel reads them: of `op` and what is known of a file, the first rule that matches, else the default. */
function decide(text: string, op: string, properties: readonly string[]): string | undefined {
  const lines = text
    .split("\n")
    .slice(1)
    .map((line) => line.split(" "));
  const toAction = (line: readonly string[] | undefined) => line?.at(-1)?.slice("action=".length);
  const rule = lines.find(
    ([first, ...rest]) =>
      first === `op=${op}` && rest.slice(0, -1).every((property) => properties.includes(property)),
  );
  const byOperation = lines.find(([first, second]) => first === "DEFAULT" && second === `op=${op}`);
  const byAll = lines.find(
    ([first, second]) => first === "DEFAULT" && second?.startsWith("action=") === true,
  );
  return toAction(rule) ?? toAction(byOperation) ?? toAction(byAll);
}

const SIGNED = ["boot_verified=FALSE", "dmverity_signature=TRUE"];
const INITRD = ["boot_verified=TRUE", "dmverity_signature=FALSE"];
const OUTSIDE = ["boot_verified=FALSE", "dmverity_signature=FALSE"];

for (const [op, signed, initrd, outside] of [
  ["EXECUTE", "ALLOW", "ALLOW", "DENY"],
  ["FIRMWARE", "ALLOW", "ALLOW", "DENY"],
  ["KMODULE", "ALLOW", "ALLOW", "DENY"],
  ["KEXEC_IMAGE", "DENY", "DENY", "DENY"],
  ["KEXEC_INITRAMFS", "DENY", "DENY", "DENY"],
  ["POLICY", "ALLOW", "ALLOW", "ALLOW"],
  ["X509_CERT", "ALLOW", "ALLOW", "ALLOW"],
  ["OF_A_LATER_KERNEL", "ALLOW", "ALLOW", "ALLOW"],
] as const) {
  test(`${op}: ${signed} from the signed root, ${initrd} from the initrd, ${outside} from elsewhere`, () => {
    assert.deepEqual(
      [SIGNED, INITRD, OUTSIDE].map((properties) => decide(TEXT, op, properties)),
      [signed, initrd, outside],
    );
  });
}

test("every line is of the kernel's grammar", () => {
  const [header, ...rules] = TEXT.trimEnd().split("\n");
  assert.equal(header, "policy_name=socle policy_version=1.2.3");
  const operation = "op=(EXECUTE|FIRMWARE|KMODULE|KEXEC_IMAGE|KEXEC_INITRAMFS|POLICY|X509_CERT)";
  const rule = new RegExp(
    `^(DEFAULT( ${operation})?|${operation} (boot_verified|dmverity_signature)=TRUE) action=(ALLOW|DENY)$`,
  );
  for (const line of rules) assert.match(line, rule);
  const defaults = rules.filter((line) => line.startsWith("DEFAULT"));
  assert.equal(
    new Set(defaults.map((line) => line.replace(/ action=.*/, ""))).size,
    defaults.length,
    "each once",
  );
  assert.equal(defaults.length, 8);
});

for (const [name, version] of [
  ["", "1.0.0"],
  ["two words", "1.0.0"],
  ["../policy", "1.0.0"],
  ["socle\n", "1.0.0"],
  ["socle#", "1.0.0"],
  ["socle", "1.0"],
  ["socle", "1.0.0.0"],
  ["socle", "1.0.65536"],
  ["socle", "1.0.-1"],
  ["socle", "v1.0.0"],
  ["socle", "1.0.0\nDEFAULT op=EXECUTE action=ALLOW"],
] as const) {
  test(`${JSON.stringify(name)} with version ${JSON.stringify(version)} is no policy`, () => {
    assertRefused("policy-malformed", () => encodeIpePolicy({ name, version }));
  });
}

test("an RSA signature is byte for byte that of openssl smime", async () => {
  assert.deepEqual(Buffer.from(await signIpePolicy(TEXT, rsa)), await signByOpenssl(rsa));
});

for (const [kind, signer] of [
  ["RSA", rsa],
  ["ECDSA", ecdsa],
] as const) {
  test(`${kind}: openssl accepts what is signed here, and here what openssl signs is accepted`, async () => {
    await writeFile(join(folder, "signed"), await signIpePolicy(TEXT, signer));
    const content = await openssl(
      signer,
      "smime -verify -binary -inform der -in signed -CAfile certificate -purpose any -out out",
    );
    assert.equal(content.toString(), TEXT);
    assert.equal(verifyIpePolicy(await signByOpenssl(signer), signer.certificate), TEXT);
  });
}

test("another key and another form are refused", async () => {
  const other = await makeTestSigner("rsa");
  const signed = await signIpePolicy(TEXT, rsa);
  assertRefused("signature-wrong", () => verifyIpePolicy(signed, other.certificate));
  const detached = await openssl(
    rsa,
    "smime -sign -signer certificate -inkey key -noattr -binary -in policy -outform der -out out",
  );
  assertRefused("signature-malformed", () => verifyIpePolicy(detached, rsa.certificate));
});

function assertRefused(code: SignatureErrorCode, work: () => unknown): void {
  assert.throws(work, (error) => error instanceof SignatureError && error.code === code);
}
