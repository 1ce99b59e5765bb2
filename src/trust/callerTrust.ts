import { X509Certificate } from "node:crypto";

import { AccessError } from "./accessError.ts";
import { toSerialNumber } from "./serialNumber.ts";

/** Whose callers a machine lets in, and whom of them no more. */
export interface CallerTrust {
  /** They sign callers themselves: there is nothing between them. */
  readonly authorities: readonly X509Certificate[];
  /** Public key of the authority, a blank, serial number. */
  readonly revoked: ReadonlySet<string>;
}

export interface CallerTrustSource {
  /** PEM; each may hold more than one. */
  readonly authorities: readonly string[];
  /** PEM: lists of revoked certificates, at most one of each authority. */
  readonly revocations?: string | undefined;
}

/** Throws with every problem. A list's date of renewal is not looked at: a list that is old is better than none. */
export async function parseCallerTrust({
  authorities,
  revocations = "",
}: CallerTrustSource): Promise<CallerTrust> {
  const certificates = authorities.flatMap((pem, index) => parseAuthorities(pem, index));
  if (certificates.length === 0)
    throw new AccessError(
      "authorities-malformed",
      "Cannot let anybody in: there is no authority that signs callers",
    );
  if (revocations.trim() === "") return { authorities: certificates, revoked: new Set() };
  // Not at the top: the decoder takes 6 MiB of a machine's memory, which most need not give.
  const { parseRevocationLists } = await import("./parseRevocationLists.ts");
  const revoked = parseRevocationLists(revocations, certificates).flatMap(({ authority, serials }) => {
    const key = toAuthorityKey(authority);
    return serials.map((serial) => `${key} ${serial}`);
  });
  return { authorities: certificates, revoked: new Set(revoked) };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

function parseAuthorities(pem: string, index: number): X509Certificate[] {
  const blocks = pem.match(CERTIFICATE) ?? [];
  const fail = (found: string) =>
    new AccessError("authorities-malformed", `Cannot trust authority ${index + 1}: ${found}`, {
      hint: "socle access show prints the authorities.",
    });
  if (blocks.length === 0) throw fail("it is no certificate in PEM");
  return blocks.map((block) => {
    let certificate: X509Certificate;
    try {
      certificate = new X509Certificate(block);
    } catch {
      throw fail("it is a damaged certificate");
    }
    if (!certificate.ca) throw fail("it is the certificate of somebody who may not sign others");
    return certificate;
  });
}

export type CallerVerdict = "trusted" | "expired" | "not-yet-valid" | "other-authority" | "revoked";

/**
 * Whether a certificate is good now. TLS has checked it, but at the beginning of a connection only, or of the one before
 * that it resumes; and lists of revoked certificates are looked at here alone.
 */
export function judgeCaller(
  { authorities, revoked }: CallerTrust,
  certificate: X509Certificate,
  now: Date,
): CallerVerdict {
  const issuers = authorities.filter(
    (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );
  if (issuers.length === 0) return "other-authority";
  const serial = toSerialNumber(certificate.serialNumber);
  if (issuers.some((authority) => revoked.has(`${toAuthorityKey(authority)} ${serial}`))) return "revoked";
  if (now > certificate.validToDate) return "expired";
  return now < certificate.validFromDate ? "not-yet-valid" : "trusted";
}

/** Its certificate may have been made anew; the key says which it is. */
function toAuthorityKey({ publicKey }: X509Certificate): string {
  return publicKey.export({ type: "spki", format: "der" }).toString("base64");
}
