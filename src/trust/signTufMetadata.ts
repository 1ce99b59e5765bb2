import { createHash, type KeyObject } from "node:crypto";
import {
  Key,
  Metadata,
  Signature,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from "@tufjs/models";
import { toAlgorithm } from "./publicKeys.ts";
import type { Signer } from "./signer.ts";

export type TufMetadata = Metadata<Root> | Metadata<Snapshot> | Metadata<Targets> | Metadata<Timestamp>;

/** Adds the signatures of these signers, over the canonical form (TUF 1.0, 4.2.1) of what is signed. */
export async function signTufMetadata(metadata: TufMetadata, signers: readonly Signer[]): Promise<void> {
  const bytes = toSignedBytes(metadata);
  for (const signer of signers) {
    const sig = Buffer.from(await signer.sign(bytes)).toString("hex");
    const { keyID } = toTufKey(signer.publicKey);
    metadata.signatures[keyID] = new Signature({ keyID, sig });
  }
}

/** The text of a metadata file. */
export function encodeTufMetadata(metadata: TufMetadata): string {
  return `${JSON.stringify(metadata.toJSON(), undefined, 1)}\n`;
}

/** A public key as metadata have it. Its id is that of the specification (4.2.1), not the one of keys.json. */
export function toTufKey(publicKey: KeyObject): Key {
  const { keyType, scheme, text } = toTufForm(publicKey);
  const pem = text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  const canonical = `{"keytype":"${keyType}","keyval":{"public":"${pem}"},"scheme":"${scheme}"}`;
  const keyID = createHash("sha256").update(canonical).digest("hex");
  return new Key({ keyID, keyType, scheme, keyVal: { public: text } });
}

function toTufForm(publicKey: KeyObject): { keyType: string; scheme: string; text: string } {
  const algorithm = toAlgorithm(publicKey);
  switch (algorithm) {
    case "ed25519": {
      const { x = "" } = publicKey.export({ format: "jwk" });
      return { keyType: "ed25519", scheme: "ed25519", text: Buffer.from(x, "base64url").toString("hex") };
    }
    case "ecdsa-p256": {
      const text = publicKey.export({ type: "spki", format: "pem" }).toString();
      return { keyType: "ecdsa", scheme: "ecdsa-sha2-nistp256", text };
    }
    default:
      // RSA in TUF is PSS, which no signer here makes.
      throw new TypeError(`Cannot use a key of ${algorithm ?? "an unknown kind"} in TUF metadata`);
  }
}

/** The library signs synchronously, and our signers may be far away: it is asked for the bytes only. */
function toSignedBytes({ signed }: TufMetadata): Uint8Array {
  let bytes: Uint8Array = new Uint8Array();
  new Metadata(signed).sign((data) => {
    bytes = data;
    return new Signature({ keyID: "", sig: "" });
  });
  return bytes;
}
