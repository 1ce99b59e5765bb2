import { X509Certificate, type KeyObject } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import { AlgorithmIdentifier, Certificate } from "@peculiar/asn1-x509";

import { SignatureError } from "./signatureError.ts";

/** An X.509 certificate (RFC 5280) of a key that signs with SHA-256. */
export interface SignerCertificate {
  readonly certificate: Certificate;
  readonly publicKey: KeyObject;
  /** As OpenSSL names it in a signature: of RSA the key's algorithm, of ECDSA the signature's. */
  readonly signatureAlgorithm: AlgorithmIdentifier;
}

const ID_RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
const ID_ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";

/** @param der what follows the certificate in it is refused too */
export function decodeSignerCertificate(der: Uint8Array): SignerCertificate {
  const { certificate, publicKey } = decode(der);
  // It is carried inside signatures, which must not change a bit of it.
  if (Buffer.compare(Buffer.from(AsnConvert.serialize(certificate)), der) !== 0)
    throw new SignatureError("key-unsuitable", "Cannot use the certificate: it is not DER");
  return { certificate, publicKey, signatureAlgorithm: toSignatureAlgorithm(publicKey) };
}

function decode(der: Uint8Array): { certificate: Certificate; publicKey: KeyObject } {
  try {
    return { certificate: AsnConvert.parse(der, Certificate), publicKey: new X509Certificate(der).publicKey };
  } catch (cause) {
    throw new SignatureError("key-unsuitable", "Cannot use the certificate: it is not one of X.509, in DER", {
      cause,
    });
  }
}

function toSignatureAlgorithm({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): AlgorithmIdentifier {
  if (asymmetricKeyType === "rsa")
    return new AlgorithmIdentifier({ algorithm: ID_RSA_ENCRYPTION, parameters: null });
  if (asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === "prime256v1")
    return new AlgorithmIdentifier({ algorithm: ID_ECDSA_WITH_SHA256 });
  throw new SignatureError(
    "key-unsuitable",
    `Cannot use the certificate: its key is ${asymmetricKeyType ?? "unknown"}, RSA or ECDSA P-256 is wanted`,
  );
}
