import { signCms, verifyCms } from "./cms.ts";
import { SignatureError } from "./signatureError.ts";
import { ID_DATA, type CmsForm } from "./signedData.ts";
import type { CertifiedSigner } from "./signer.ts";

export interface IpePolicy {
  /** Names a folder below /sys/kernel/security/ipe/policies. */
  readonly name: string;
  /** Three numbers up to 65535, e.g. `1.0.0`. The kernel refuses to go from a policy to one of its name with a lower one. */
  readonly version: string;
}

type Rule =
  /** Only from the initrd, which the firmware verified, and from dm-verity whose root hash is signed. */
  "verified" | "denied" | "allowed";

/** Every operation that Integrity Policy Enforcement knows (Linux 6.12, security/ipe/policy_parser.c). */
const OPERATIONS: Readonly<Record<string, Rule>> = {
  EXECUTE: "verified",
  FIRMWARE: "verified",
  KMODULE: "verified",
  // Lockdown lets root load any kernel that the kernel's own keys vouch for, such as Debian's, with any
  // initrd and any command line: that would be a system without this policy.
  KEXEC_IMAGE: "denied",
  KEXEC_INITRAMFS: "denied",
  // IMA's policy and certificates: what they can do is refuse more.
  POLICY: "allowed",
  X509_CERT: "allowed",
};

const TRUSTED_ORIGINS = ["boot_verified=TRUE", "dmverity_signature=TRUE"];

/** The text of the execution policy. Documentation/admin-guide/LSM/ipe.rst. */
export function encodeIpePolicy({ name, version }: IpePolicy): string {
  refuseHeader({ name, version });
  const lines = [
    `policy_name=${name} policy_version=${version}`,
    // For operations that only later kernels know, as the documentation advises: without it they refuse the policy.
    "DEFAULT action=ALLOW",
  ];
  for (const [operation, rule] of Object.entries(OPERATIONS)) {
    lines.push(`DEFAULT op=${operation} action=${rule === "allowed" ? "ALLOW" : "DENY"}`);
    if (rule !== "verified") continue;
    for (const origin of TRUSTED_ORIGINS) lines.push(`op=${operation} ${origin} action=ALLOW`);
  }
  return `${lines.join("\n")}\n`;
}

/** The kernel looks the certificate up in its keyrings; that it travels along is how `openssl smime` does it. */
const FORM: CmsForm = { contentType: ID_DATA, attached: true, withCertificate: true, withAttributes: false };

/** DER (`.p7b`); as `openssl smime -sign -noattr -nodetach -nosmimecap -binary -outform der` over the text. */
export async function signIpePolicy(text: string, signer: CertifiedSigner): Promise<Uint8Array> {
  return signCms(FORM, Buffer.from(text), signer);
}

/**
 * @param certificate DER
 * @returns the text of the policy
 */
export function verifyIpePolicy(signed: Uint8Array, certificate: Uint8Array): string {
  return Buffer.from(verifyCms(FORM, signed, certificate)).toString();
}

function refuseHeader({ name, version }: IpePolicy): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name))
    fail(`the name is "${name}", wanted up to 64 letters, digits, "_" and "-"`);
  const numbers = /^\d{1,5}\.\d{1,5}\.\d{1,5}$/.test(version) ? version.split(".").map(Number) : [];
  if (numbers.length === 0 || numbers.some((number) => number > 0xffff))
    fail(`the version is "${version}", wanted three numbers up to 65535, such as "1.0.0"`);
}

function fail(reason: string): never {
  throw new SignatureError("policy-malformed", `Cannot write the execution policy: ${reason}`);
}
