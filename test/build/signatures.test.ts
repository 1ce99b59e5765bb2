import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { parseSha256 } from "#release/sha256.ts";
import { findIsolation } from "#system/isolation.ts";
import { CommandError } from "#system/runCommand.ts";
import { ToolsTree } from "#system/toolsTree.ts";
import {
  readAuthenticodeSignatures,
  signPortableExecutable,
  verifyPortableExecutable,
} from "#trust/authenticode.ts";
import { makeTestSigner, type TestSigner } from "#trust/certifiedSigner.fixture.ts";
import { flipBit } from "#trust/flipBit.fixture.ts";
import { encodeIpePolicy, signIpePolicy, verifyIpePolicy } from "#trust/ipePolicy.ts";
import { signRootHash, verifyRootHashSignature } from "#trust/rootHashSignature.ts";

import { CLONE } from "./workspace.ts";

const tools = new ToolsTree(
  await readFile(join(CLONE, ".socle/tools/current"), "utf8"),
  await findIsolation(),
);
const folder = await mkdtemp(join(tmpdir(), "socle-signatures-"));
after(() => rm(folder, { recursive: true }));

const rsa = await makeTestSigner("rsa", "test db RSA");
const ecdsa = await makeTestSigner("ecdsa", "test db ECDSA");
const stranger = await makeTestSigner("rsa", "stranger");
const SIGNERS = { rsa, ecdsa, stranger };
for (const [name, { certificatePem, keyPem }] of Object.entries(SIGNERS)) {
  await writeFile(join(folder, `${name}.crt`), certificatePem);
  await writeFile(join(folder, `${name}.key`), keyPem, { mode: 0o600 });
}

const put = (name: string, content: Uint8Array | string) => writeFile(join(folder, name), content);
const get = (name: string) => readFile(join(folder, name));

/** Runs a command of the tools tree in the test's folder. */
async function run(command: string): Promise<string> {
  const { stdout, stderr } = await tools.runScript('cd "$1"; eval "$2"', [folder, command], {
    folders: [folder],
  });
  return stdout + stderr;
}

/** Which of these files the command does not refuse. */
async function findAccepted(names: readonly string[], command: string): Promise<string[]> {
  await put("names", `${names.join("\n")}\n`);
  const output = await run(
    `while read -r name; do ${command} >/dev/null 2>&1 && echo "$name"; done <names; true`,
  );
  return output.split("\n").filter((name) => name !== "");
}

const BOOT_LOADER = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi";
const STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";

await run(`cp ${BOOT_LOADER} loader.efi
  head -c 33333 ${STUB} >initrd
  ukify build --stub=${STUB} --linux=${BOOT_LOADER} --initrd=initrd --uname=6.12 --os-release=ID=test --cmdline=quiet --output=uki.efi`);
const IMAGES = { "systemd-boot": await get("loader.efi"), "a unified kernel image": await get("uki.efi") };

for (const [what, image] of Object.entries(IMAGES)) {
  for (const [kind, signer] of Object.entries({ rsa, ecdsa })) {
    test(`sbverify accepts ${what} signed here with ${kind}, by its certificate only, and names the signer`, async () => {
      const signed = await signPortableExecutable(image, signer);
      await put("signed.efi", signed);
      assert.match(await run(`sbverify --cert ${kind}.crt signed.efi`), /^Signature verification OK$/m);
      assert.match(await run("sbverify --list signed.efi"), new RegExp(`CN=${readName(signer)}`));
      await assert.rejects(run("sbverify --cert stranger.crt signed.efi"), CommandError);
    });
  }

  test(`${what}: a signature that sbattach takes off and puts on again gives the same file`, async () => {
    await put("signed.efi", await signPortableExecutable(image, rsa));
    await put("again.efi", image);
    await run("sbattach --detach signature signed.efi && sbattach --attach signature again.efi");
    assert.deepEqual(await get("again.efi"), await get("signed.efi"));
    await run("sbverify --cert rsa.crt again.efi");
  });

  test(`${what}: what sbsign signs is accepted here, over the same digest`, async () => {
    await put("image.efi", image);
    await run("sbsign --key rsa.key --cert rsa.crt --output signed.efi image.efi");
    const signed = await get("signed.efi");
    verifyPortableExecutable(signed, rsa.certificate);
    assert.throws(() => verifyPortableExecutable(signed, stranger.certificate));
    const [theirs = Buffer.alloc(0)] = readAuthenticodeSignatures(signed);
    const [ours = Buffer.alloc(0)] = readAuthenticodeSignatures(await signPortableExecutable(image, rsa));
    const readIndirectData = (der: Uint8Array) => Buffer.from(der.subarray(57, 57 + 108)).toString("hex");
    assert.equal(readIndirectData(ours), readIndirectData(theirs));
  });
}

test("sbverify and we refuse flipped bits all over an image", async () => {
  const signed = await signPortableExecutable(IMAGES["systemd-boot"], rsa);
  const sampled = Array.from({ length: 40 }, (_, index) => index * 24_733 + 4099).filter(
    (bit) => bit < IMAGES["systemd-boot"].length * 8,
  );
  assert.ok(sampled.length > 30);
  const names = await putFlips(signed, sampled);
  assert.deepEqual(await findAccepted(names, 'sbverify --cert rsa.crt "$name"'), ["unflipped"]);
  for (const bit of sampled)
    assert.throws(() => verifyPortableExecutable(flipBit(signed, bit), rsa.certificate), `bit ${bit}`);
});

for (const [kind, signer] of Object.entries({ rsa, ecdsa })) {
  const rootHash = parseSha256("5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9");
  const VERIFY_ROOT_HASH = `openssl smime -verify -binary -inform der -content hash -certfile ${kind}.crt -nointern -noverify -in`;

  test(`${kind}: openssl accepts a root hash signature, and refuses it with flipped bits`, async () => {
    await put("hash", rootHash);
    const signature = await signRootHash(rootHash, signer);
    await put("signature", signature);
    assert.match(await run(`${VERIFY_ROOT_HASH} signature`), /Verification successful/);
    // Its end is the signature value. What stands before it, such as versions, OpenSSL does not compare; we do.
    const bits = Array.from({ length: 30 }, (_, index) => (signature.length - 1 - index) * 8 + (index % 8));
    assert.deepEqual(await findAccepted(await putFlips(signature, bits), `${VERIFY_ROOT_HASH} "$name"`), [
      "unflipped",
    ]);
    for (const bit of bits)
      assert.throws(() => verifyRootHashSignature(rootHash, flipBit(signature, bit), signer.certificate));
  });

  const VERIFY_POLICY = `openssl smime -verify -binary -inform der -CAfile ${kind}.crt -purpose any -in`;

  test(`${kind}: openssl accepts an execution policy, and refuses it with flipped bits of its text`, async () => {
    const text = encodeIpePolicy({ name: "socle", version: "1.0.0" });
    const policy = Buffer.from(await signIpePolicy(text, signer));
    await put("policy.p7b", policy);
    await run(`${VERIFY_POLICY} policy.p7b -out policy.txt`);
    assert.equal((await get("policy.txt")).toString(), text);
    const start = policy.indexOf("policy_name");
    const bits = Array.from({ length: 30 }, (_, index) => (start + index * 17) * 8 + (index % 8));
    assert.deepEqual(await findAccepted(await putFlips(policy, bits), `${VERIFY_POLICY} "$name"`), [
      "unflipped",
    ]);
    for (const bit of bits) assert.throws(() => verifyIpePolicy(flipBit(policy, bit), signer.certificate));
  });
}

test("the OpenSSL of the tools tree writes the same bytes as we do with RSA", async () => {
  const rootHash = parseSha256("6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
  const text = encodeIpePolicy({ name: "socle", version: "1.0.0" });
  await Promise.all([put("hash", rootHash), put("policy", text)]);
  const sign = "openssl smime -sign -signer rsa.crt -inkey rsa.key -noattr -binary -outform der";
  await run(
    `${sign} -nocerts -in hash -out hash.p7; ${sign} -nodetach -nosmimecap -in policy -out policy.p7b`,
  );
  assert.deepEqual(await get("hash.p7"), Buffer.from(await signRootHash(rootHash, rsa)));
  assert.deepEqual(await get("policy.p7b"), Buffer.from(await signIpePolicy(text, rsa)));
});

/** One file for each bit, and one as it should be: that one is accepted, or the command refuses for another reason. */
async function putFlips(bytes: Uint8Array, bits: readonly number[]): Promise<string[]> {
  await put("unflipped", bytes);
  await Promise.all(bits.map((bit) => put(`flipped-${bit}`, flipBit(bytes, bit))));
  return ["unflipped", ...bits.map((bit) => `flipped-${bit}`)];
}

function readName(signer: TestSigner): string {
  return signer === rsa ? "test db RSA" : "test db ECDSA";
}
