/**
 * EncryptedPrivateKeyInfo (RFC 5958, 3) with PBES2 (RFC 8018, 6.2): PBKDF2 with HMAC-SHA-256, AES-256
 * in CBC. OpenSSL reads it, and so `createPrivateKey`; Node's own writer would count to 2048 only,
 * which is too quick to guess against.
 */
import { createCipheriv, pbkdf2, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

const ITERATIONS = 600_000;

const OID = {
  pbes2: Buffer.from("06092a864886f70d01050d", "hex"),
  pbkdf2: Buffer.from("06092a864886f70d01050c", "hex"),
  hmacWithSha256: Buffer.from("06082a864886f70d0209", "hex"),
  aes256Cbc: Buffer.from("060960864801650304012a", "hex"),
};
const NULL = Buffer.from("0500", "hex");

/**
 * @param chance 16 random bytes each
 * @returns PEM
 */
export async function encryptPrivateKey(
  privateKey: KeyObject,
  passphrase: string,
  chance: { readonly salt: Uint8Array; readonly iv: Uint8Array },
): Promise<string> {
  const plain = privateKey.export({ type: "pkcs8", format: "der" });
  const key = await promisify(pbkdf2)(passphrase, chance.salt, ITERATIONS, 32, "sha256");
  const cipher = createCipheriv("aes-256-cbc", key, chance.iv);
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);

  const derivation = sequence(
    OID.pbkdf2,
    sequence(octets(chance.salt), integer(ITERATIONS), sequence(OID.hmacWithSha256, NULL)),
  );
  const scheme = sequence(OID.pbes2, sequence(derivation, sequence(OID.aes256Cbc, octets(chance.iv))));
  const lines =
    sequence(scheme, octets(encrypted))
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN ENCRYPTED PRIVATE KEY-----", ...lines, "-----END ENCRYPTED PRIVATE KEY-----", ""].join(
    "\n",
  );
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return value(0x30, Buffer.concat(parts));
}

function octets(bytes: Uint8Array): Buffer {
  return value(0x04, bytes);
}

function integer(number: number): Buffer {
  const bytes = Buffer.alloc(5); // a zero in front keeps it positive
  bytes.writeUInt32BE(number, 1);
  const first = bytes.findIndex((byte, index) => byte !== 0 && index > 0);
  return value(0x02, bytes.subarray((bytes[first] ?? 0) >= 0x80 ? first - 1 : first));
}

/** Tag, length, content (X.690, 8.1); content shorter than 64 KiB. */
function value(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
