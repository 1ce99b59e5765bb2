/**
 * TUF root metadata (TUF 1.0, 4.3 and 6.1): which keys the four top roles have, version by version.
 * Each version is signed by enough keys of the version before and by enough of its own.
 */
import { Metadata, MetadataKind, Root, type Key } from "@tufjs/models";
import { KeyError } from "./keyError.ts";
import { activeKeys, TUF_ROLES, type KeySet, type TufRole } from "./keySet.ts";
import { parsePublicKey } from "./publicKeys.ts";
import type { Signer } from "./signer.ts";
import { encodeTufMetadata, signTufMetadata, toTufKey } from "./signTufMetadata.ts";

const DAY_MS = 86_400_000;
const SPEC_VERSION = "1.0.31";

/**
 * The metadata of `keySet.rootVersion`: the active keys of the set. Throws when clients that trust
 * the versions before would not accept it.
 * @param earlier the texts of all versions before, from 1
 * @param signers enough of the active root keys of the version before and of this set; one may be both
 */
export async function createRootMetadata(
  keySet: KeySet,
  earlier: readonly string[],
  signers: readonly Signer[],
  now: Date,
): Promise<string> {
  const metadata = new Metadata(toRoot(keySet, now));
  await signTufMetadata(metadata, signers);
  const text = encodeTufMetadata(metadata);
  verifyRootChain([...earlier, text]);
  verifyRootNames(keySet, metadata.signed);
  return text;
}

/**
 * Verifies versions 1 to N, each by the one before and by itself. Expiry is left out: an expired root
 * is still what the next one is verified with (TUF 1.0, 5.3.10).
 * @returns the newest
 */
export function verifyRootChain(texts: readonly string[]): Root {
  let trusted: Metadata<Root> | undefined;
  for (const [index, text] of texts.entries()) {
    const version = index + 1;
    const next = parseRoot(text, version);
    try {
      trusted?.verifyDelegate("root", next);
      next.verifyDelegate("root", next);
    } catch (cause) {
      throw broken(version, "too few of its keys, or of those of the version before, have signed it", cause);
    }
    if (next.signed.version !== version)
      throw broken(version, `it says it is version ${next.signed.version}`);
    trusted = next;
  }
  if (trusted === undefined) throw broken(1, "there is none");
  return trusted.signed;
}

/** Throws when the root does not name exactly the active keys and thresholds of the set. */
export function verifyRootNames(keySet: KeySet, root: Root): void {
  const different = TUF_ROLES.filter((role) => {
    const { keyids, threshold } = toRole(keySet, role);
    const found = root.roles[role];
    return found?.threshold !== threshold || found.keyIDs.toSorted().join() !== keyids.toSorted().join();
  });
  if (different.length === 0) return;
  throw new KeyError(
    "keys-malformed",
    `Cannot use these keys: root metadata ${root.version} and keys.json differ in the keys or the threshold of ${different.join(", ")}`,
    { hint: "keys.json was changed by hand: undo that, and use socle keys rotate ROLE --threshold M/N" },
  );
}

function toRoot(keySet: KeySet, now: Date): Root {
  const keys = TUF_ROLES.flatMap((role) => activeTufKeys(keySet, role));
  return Root.fromJSON({
    _type: "root",
    spec_version: SPEC_VERSION,
    version: keySet.rootVersion,
    expires: toTufTime(new Date(now.getTime() + keySet.expiryDays.root * DAY_MS)),
    keys: Object.fromEntries(keys.map((key) => [key.keyID, key.toJSON()])),
    roles: Object.fromEntries(TUF_ROLES.map((role) => [role, toRole(keySet, role)])),
    consistent_snapshot: true,
  });
}

function toRole(keySet: KeySet, role: TufRole): { keyids: string[]; threshold: number } {
  return {
    keyids: activeTufKeys(keySet, role).map(({ keyID }) => keyID),
    threshold: keySet.roles[role].threshold,
  };
}

function activeTufKeys(keySet: KeySet, role: TufRole): Key[] {
  return activeKeys(keySet, role).map(({ publicKey }) => toTufKey(parsePublicKey(publicKey)));
}

/** Whole seconds: some clients accept no other form (TUF 1.0, 4.2.1). */
export function toTufTime(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, "Z");
}

function parseRoot(text: string, version: number): Metadata<Root> {
  try {
    // JSON.parse gives any; the library checks the form.
    return Metadata.fromJSON(MetadataKind.Root, JSON.parse(text));
  } catch (cause) {
    throw broken(version, "it is not root metadata", cause);
  }
}

function broken(version: number, why: string, cause?: unknown): KeyError {
  return new KeyError("root-metadata-malformed", `Cannot trust root metadata ${version}: ${why}`, { cause });
}
