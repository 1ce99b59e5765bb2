import type { Sha256 } from "#release/sha256.ts";

import { signCms, verifyCms } from "./cms.ts";
import { ID_DATA, type CmsForm } from "./signedData.ts";
import type { CertifiedSigner } from "./signer.ts";

/**
 * The signature that the kernel demands of a dm-verity root hash (`root_hash_sig_key_desc`,
 * `dm_verity.require_signatures`): PKCS #7 over the hash as text. The kernel takes the certificate from
 * its own keyrings, and refuses signed attributes.
 */
const FORM: CmsForm = {
  contentType: ID_DATA,
  attached: false,
  withCertificate: false,
  withAttributes: false,
};

/** DER; as `openssl smime -sign -nocerts -noattr -binary -outform der` over the hash's text without a line break. */
export async function signRootHash(rootHash: Sha256, signer: CertifiedSigner): Promise<Uint8Array> {
  return signCms(FORM, Buffer.from(rootHash), signer);
}

/** @param certificate DER */
export function verifyRootHashSignature(
  rootHash: Sha256,
  signature: Uint8Array,
  certificate: Uint8Array,
): void {
  verifyCms(FORM, signature, certificate, Buffer.from(rootHash));
}
