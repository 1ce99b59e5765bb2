import { createPrivateKey, X509Certificate } from "node:crypto";

import { toFingerprint, type Fingerprint } from "#trust/fingerprint.ts";

/** What a machine shows to its callers, both PEM; they know it by the fingerprint of the certificate. */
export interface MachineIdentity {
  readonly certificate: string;
  readonly key: string;
  readonly fingerprint: Fingerprint;
}

/** An identity, and whether credentials gave it to the machine or the machine made it. */
export interface OwnIdentity extends MachineIdentity {
  readonly source: "credential" | "machine";
}

/** Undefined when one of them is damaged, or they do not belong together. Dates are not looked at: callers do not either. */
export function toIdentity(certificate: string, key: string): MachineIdentity | undefined {
  try {
    const isPair = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    return isPair ? { certificate, key, fingerprint: toFingerprint(certificate) } : undefined;
  } catch {
    return undefined;
  }
}

/** How the program that makes one says it, on its standard output. */
export function decodeIdentity(text: string): MachineIdentity {
  const { cert = "", key = "" } = JSON.parse(text) as Partial<Record<"cert" | "key", string>>;
  const identity = toIdentity(cert, key);
  if (identity === undefined) throw new Error("the program that makes the machine's key made none");
  return identity;
}
