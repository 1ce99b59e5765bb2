import { resolve, sep } from "node:path";
import { readText } from "#system/files.ts";
import type { ExternalKey } from "#system/makeKey.ts";
import { KeyError } from "#trust/keyError.ts";
import { isCertifiedRole, type KeyRole } from "#trust/keySet.ts";
import { parsePublicKey } from "#trust/publicKeys.ts";
import { decodeCertificate } from "#trust/secureBootCertificate.ts";

/** What the options say of one role: the n-th file tells the key of the n-th command. */
export interface ExternalKeyOptions {
  readonly signers: readonly (readonly string[])[];
  readonly publicKeys: readonly string[];
  readonly certificates: readonly string[];
}

/** The keys of a role that stay behind commands. */
export async function readExternalKeys(
  role: KeyRole,
  { signers, publicKeys, certificates }: ExternalKeyOptions,
): Promise<ExternalKey[]> {
  const files = [...publicKeys, ...certificates];
  if (files.length !== signers.length || (publicKeys.length > 0 && certificates.length > 0)) {
    throw new KeyError(
      "signer-unclear",
      `Cannot tell which key each signer of ${role} has: ${signers.length} signers, ${publicKeys.length} public keys, ${certificates.length} certificates`,
      { hint: "Give each --signer one --public-key, or each one --certificate, in the same order" },
    );
  }
  return Promise.all(
    signers.map((argv, index) => readExternalKey(role, argv, files[index] ?? "", certificates.length > 0)),
  );
}

async function readExternalKey(
  role: KeyRole,
  [program = "", ...args]: readonly string[],
  file: string,
  isCertificate: boolean,
): Promise<ExternalKey> {
  // It is run from other folders later.
  const argv = [program.includes(sep) ? resolve(program) : program, ...args];
  const pem = await readText(file);
  try {
    if (!isCertificate) return { argv, publicKey: parsePublicKey(pem) };
    const { publicKey } = decodeCertificate(pem);
    return { argv, publicKey, ...(isCertifiedRole(role) ? { certificate: pem } : {}) };
  } catch {
    // What the file holds instead may be a private key: nothing of it is told.
    const wanted = isCertificate ? "an X.509 certificate" : "a public key";
    throw new KeyError("signer-unclear", `Cannot use "${file}": it is not ${wanted} in PEM`);
  }
}
