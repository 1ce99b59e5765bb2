import { createHash, X509Certificate } from "node:crypto";

import { AccessError } from "./accessError.ts";

/** `sha256:` and 64 lower-case hex digits: the SHA-256 of a certificate's DER. */
export type Fingerprint = string & { readonly __brand: "Fingerprint" };

/** Also without `sha256:`, in capitals, with colons: as openssl, browsers and consoles show it. */
export function parseFingerprint(text: string): Fingerprint {
  const hex = text
    .trim()
    .replace(/^sha-?256(?: fingerprint)?[:=]/i, "")
    .replaceAll(":", "")
    .toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex))
    throw new AccessError(
      "fingerprint-malformed",
      `Cannot read the fingerprint "${text}": wanted sha256: and 64 hex digits`,
      {
        hint: "A machine shows its fingerprint on its console.",
      },
    );
  return `sha256:${hex}` as Fingerprint; // has just been checked
}

/** @param certificate DER, or PEM */
export function toFingerprint(certificate: Uint8Array | string): Fingerprint {
  const der = typeof certificate === "string" ? new X509Certificate(certificate).raw : certificate;
  return `sha256:${createHash("sha256").update(der).digest("hex")}` as Fingerprint; // that is its form
}
