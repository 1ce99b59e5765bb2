import { X509Certificate } from "node:crypto";

import { SocleError } from "#progress/socleError.ts";
import { openKeyFolder } from "#system/keyFolder.ts";
import type { CertifiedRole, KeySet } from "#trust/keySet.ts";
import { trustedKeys } from "#trust/planKeyExport.ts";
import type { ReleaseFolder } from "#vm/findRelease.ts";
import type { SecureBootCertificates } from "#vm/machine.ts";

import type { CommandContext } from "./commandContext.ts";
import type { MachineOptions } from "./runMachine.ts";

export class SecureBootError extends SocleError<"secure-boot-without-uefi" | "secure-boot-keys"> {
  override readonly name = "SecureBootError";
}

/** The same machine with the keys of this folder in its firmware. */
export async function withSecureBoot(
  options: MachineOptions,
  { manifest }: ReleaseFolder,
  keyFolder: string,
  { report }: Pick<CommandContext, "report">,
): Promise<MachineOptions> {
  if (options.firmware !== "uefi") {
    throw new SecureBootError(
      "secure-boot-without-uefi",
      `Cannot have Secure Boot with --firmware ${options.firmware}: a firmware must check what it starts`,
      { hint: "Leave --firmware out, or use --firmware uefi" },
    );
  }
  const secureBootCertificates = toSecureBootCertificates((await openKeyFolder(keyFolder)).keySet);
  if (
    !secureBootCertificates.db.some((pem) => fingerprintOf(pem) === manifest.signing.secureBootCertificate)
  ) {
    report({
      kind: "note",
      level: "warning",
      message: `${manifest.id} ${manifest.version} was signed with a key that is not in "${keyFolder}": the firmware will refuse it`,
    });
  }
  return { ...options, secureBootCertificates };
}

/** What the owner of these keys enrols. */
export function toSecureBootCertificates(keySet: KeySet): SecureBootCertificates {
  const certificatesOf = (role: CertifiedRole) =>
    trustedKeys(keySet, role).flatMap(({ certificate }) => certificate ?? []);
  const [pk] = certificatesOf("PK");
  if (pk === undefined)
    throw new SecureBootError("secure-boot-keys", "Cannot enrol keys: there is no active PK");
  return { pk, kek: certificatesOf("KEK"), db: certificatesOf("db") };
}

/** SHA-256 of the DER, as the manifest has it. */
function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();
}
