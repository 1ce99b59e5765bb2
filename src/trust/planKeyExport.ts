import { encodeSignatureLists } from "./efiSignatureList.ts";
import { activeKeys, CERTIFIED_ROLES, type CertifiedRole, type KeyRecord, type KeySet } from "./keySet.ts";
import { decodeCertificate } from "./secureBootCertificate.ts";

export interface ExportedFile {
  readonly name: string;
  readonly what: string;
  readonly content: string | Uint8Array;
}

/** The public keys as files, in the forms that firmware setup and other tools read. Nothing secret is in them. */
export function planKeyExport(keySet: KeySet, rootMetadata: readonly string[]): ExportedFile[] {
  const [provenance] = activeKeys(keySet, "provenance");
  return [
    ...CERTIFIED_ROLES.flatMap((role) => toCertificateFiles(keySet, role)),
    ...toSignatureLists(keySet),
    {
      name: "root.json",
      what: "newest TUF root metadata: what a client trusts to begin with",
      content: rootMetadata.at(-1) ?? "",
    },
    { name: "provenance.pub", what: "verifies provenance; PEM", content: provenance?.publicKey ?? "" },
  ];
}

/** What is trusted: the platform key is one; of the others those count too that no longer sign. */
export function trustedKeys(keySet: KeySet, role: CertifiedRole): readonly KeyRecord[] {
  if (role === "PK") return activeKeys(keySet, role);
  const { keys } = keySet.roles[role];
  return [...activeKeys(keySet, role), ...keys.filter(({ state }) => state === "retired")];
}

function toCertificateFiles(keySet: KeySet, role: CertifiedRole): ExportedFile[] {
  return trustedKeys(keySet, role).flatMap(({ id, state, certificate = "" }) => {
    const name = state === "active" ? role : `${role}-${id.slice(0, 12)}`;
    const what =
      state === "active" ? `certificate of ${role}` : `certificate of a ${state} ${role}, still trusted`;
    return [
      { name: `${name}.crt`, what: `${what}; PEM`, content: certificate },
      { name: `${name}.cer`, what: `${what}; DER`, content: decodeCertificate(certificate).der },
    ];
  });
}

function toSignatureLists(keySet: KeySet): ExportedFile[] {
  const revoked = keySet.roles.db.keys.filter(({ state }) => state === "revoked");
  const lists = [
    ...(["PK", "KEK", "db"] as const).map((role) => ({ name: role, keys: trustedKeys(keySet, role) })),
    ...(revoked.length === 0 ? [] : [{ name: "dbx", keys: revoked }]),
  ];
  return lists.map(({ name, keys }) => ({
    name: `${name}.esl`,
    what: `all of ${name} as an EFI signature list`,
    content: encodeSignatureLists(keys.map(({ certificate = "" }) => decodeCertificate(certificate).der)),
  }));
}
