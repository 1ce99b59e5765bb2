import { createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { KeyError } from "#trust/keyError.ts";
import { toKeyId } from "#trust/publicKeys.ts";
import type { Signer } from "#trust/signer.ts";
import { readText } from "./files.ts";
import type { ReadPassphrase } from "./passphrase.ts";
import { verifyOwnSignature } from "./verifyOwnSignature.ts";

/** Bits that let anyone but the owner do something with a file. */
const OF_OTHERS = 0o077;

/** A signer whose private key is a PKCS #8 PEM file, perhaps encrypted. */
export async function openFileSigner(
  path: string,
  publicKey: KeyObject,
  readPassphrase: ReadPassphrase,
): Promise<Signer> {
  const privateKey = await readPrivateKey(path, readPassphrase);
  if (toKeyId(createPublicKey(privateKey)) !== toKeyId(publicKey)) {
    throw new KeyError(
      "signer-wrong-key",
      `Cannot sign with "${path}": it holds another key than keys.json says`,
    );
  }
  return toSigner(privateKey, publicKey, `"${path}"`);
}

/** The signer of a key that is in memory, because it was just made. */
export function toSigner(privateKey: KeyObject, publicKey: KeyObject, title: string): Signer {
  const hash = publicKey.asymmetricKeyType === "ed25519" ? null : "sha256";
  return {
    publicKey,
    sign: async (data) => verifyOwnSignature(data, sign(hash, data, privateKey), publicKey, title),
  };
}

async function readPrivateKey(path: string, readPassphrase: ReadPassphrase): Promise<KeyObject> {
  const { mode } = await stat(path).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    throw new KeyError("key-missing", `Cannot sign: the private key "${path}" is not there`, {
      hint: "Connect the medium that holds it, or name the folder where it is now: --key-folder DIR",
    });
  });
  if ((mode & OF_OTHERS) !== 0) {
    throw new KeyError(
      "key-file-exposed",
      `Cannot use "${path}": others than its owner may read or write it`,
      {
        hint: `If nobody has read it: chmod 600 "${path}"; otherwise rotate the key`,
      },
    );
  }
  const pem = await readText(path);
  const isEncrypted = pem.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----");
  const passphrase = isEncrypted ? await readPassphrase(dirname(path)) : undefined;
  try {
    return createPrivateKey({ key: pem, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // Without a cause: what OpenSSL says helps nobody here, and what it was given stays out of every log.
    if (isEncrypted)
      throw new KeyError(
        "passphrase-wrong",
        `Cannot read "${path}": its passphrase is another, or it is damaged`,
      );
    throw new KeyError("key-malformed", `Cannot read "${path}": it is not a private key in PEM (PKCS #8)`);
  }
}
