import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { encryptPrivateKey } from "./encryptPrivateKey.ts";

const chance = { salt: Buffer.alloc(16, 1), iv: Buffer.alloc(16, 2) };
const passphrase = "drei Wörter, ein Satz";

for (const [name, { privateKey }] of Object.entries({
  Ed25519: generateKeyPairSync("ed25519"),
  "RSA-2048": generateKeyPairSync("rsa", { modulusLength: 2048 }),
})) {
  test(`an encrypted ${name} key is read with its passphrase by Node and OpenSSL, and with no other`, async () => {
    const pem = await encryptPrivateKey(privateKey, passphrase, chance);
    assert.ok(createPrivateKey({ key: pem, passphrase }).equals(privateKey));
    assert.throws(() => createPrivateKey({ key: pem, passphrase: "another" }));
    const plain = execFileSync("openssl", ["pkey", "-passin", "env:PASS"], {
      input: pem,
      env: { PASS: passphrase },
    });
    assert.equal(plain.toString(), privateKey.export({ type: "pkcs8", format: "pem" }));
    const asn1 = execFileSync("openssl", ["asn1parse"], { input: pem, encoding: "utf8" });
    assert.match(asn1, /PBES2[^]*PBKDF2[^]*0927C0[^]*hmacWithSHA256[^]*aes-256-cbc/); // 600 000
  });
}

test("what is encrypted depends on salt, vector and passphrase only", async () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const once = await encryptPrivateKey(privateKey, passphrase, chance);
  assert.equal(await encryptPrivateKey(privateKey, passphrase, chance), once);
  assert.notEqual(
    await encryptPrivateKey(privateKey, passphrase, { ...chance, salt: Buffer.alloc(16) }),
    once,
  );
});
