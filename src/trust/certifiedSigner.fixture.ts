// First: @peculiar/x509 uses decorators that need its globals.
import "reflect-metadata";
import { generateKeyPairSync, sign, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

import type { CertifiedSigner } from "./signer.ts";

/** A signer as the real ones, with what other programs need to sign with the same key. */
export interface TestSigner extends CertifiedSigner {
  readonly certificatePem: string;
  readonly keyPem: string;
}

const KINDS = {
  rsa: {
    generate: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
    algorithm: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  },
  ecdsa: {
    generate: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
    algorithm: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  },
} as const;

/** A new key and its self-signed certificate, as a db key has it. */
export async function makeTestSigner(kind: keyof typeof KINDS, name = `test ${kind}`): Promise<TestSigner> {
  const { generate, algorithm } = KINDS[kind];
  const { publicKey, privateKey } = generate();
  const keyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: new x509.Name([{ CN: [name] }]),
      keys: {
        privateKey: privateKey.toCryptoKey(algorithm, true, ["sign"]),
        publicKey: publicKey.toCryptoKey(algorithm, true, ["verify"]),
      },
      signingAlgorithm: algorithm,
      notBefore: new Date("2026-01-01T00:00:00Z"),
      notAfter: new Date("2099-01-01T00:00:00Z"),
      extensions: [new x509.BasicConstraintsExtension(false, undefined, true)],
    },
    webcrypto,
  );
  return {
    publicKey,
    certificate: new Uint8Array(certificate.rawData),
    sign: (data) => Promise.resolve(sign("sha256", data, privateKey)),
    certificatePem: `${certificate.toString("pem")}\n`,
    keyPem,
  };
}
