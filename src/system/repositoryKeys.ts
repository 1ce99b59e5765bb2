import { KeyError } from "#trust/keyError.ts";
import type { KeyRecord, TufRole } from "#trust/keySet.ts";
import type { Signer } from "#trust/signer.ts";

import type { RepositoryKeys } from "./changeRepository.ts";
import { openSigners, type KeyFolder } from "./keyFolder.ts";

/** The keys of a project, for its repository. Private keys are opened when they are asked for. */
export function toRepositoryKeys(keys: KeyFolder): RepositoryKeys {
  const { keySet, rootMetadata } = keys;
  return {
    expiryDays: keySet.expiryDays,
    roots: new Map(rootMetadata.map((text, index) => [index + 1, new TextEncoder().encode(text)])),
    signersOf: async (role) => openSigners(keys, role),
    formerSignersOf: async (role) => {
      const retired = keySet.roles[role].keys.filter(
        ({ state, signer }) => state === "retired" && signer.kind === "file",
      );
      const opened = await Promise.all(retired.map(async (key) => openFormer(keys, role, key)));
      return opened.flat();
    },
  };
}

/** One that is gone, or has another passphrase, is not missed. */
async function openFormer(keys: KeyFolder, role: TufRole, key: KeyRecord): Promise<Signer[]> {
  const { keySet } = keys;
  const alone = { threshold: 1, keys: [{ ...key, state: "active" as const }] };
  try {
    return await openSigners(
      { ...keys, keySet: { ...keySet, roles: { ...keySet.roles, [role]: alone } } },
      role,
    );
  } catch (error) {
    if (error instanceof KeyError) return [];
    throw error;
  }
}
