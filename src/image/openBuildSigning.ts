import { openCertifiedSigner, openKeyFolder, openSigners } from "#system/keyFolder.ts";
import { toKeyId } from "#trust/publicKeys.ts";

import { BuildError } from "./buildError.ts";
import type { BuildSigning } from "./buildSigning.ts";

/** The signers of a folder of keys that a build needs: never the ones that are kept offline. */
export async function openBuildSigning(folder: string): Promise<BuildSigning> {
  const keys = await openKeyFolder(folder);
  const { roles, development } = keys.keySet;
  const [provenanceSigner] = await openSigners(keys, "provenance");
  const trustedRoot = keys.rootMetadata.at(-1);
  if (provenanceSigner === undefined || trustedRoot === undefined) {
    throw new BuildError("keys-incomplete", `Cannot sign a release: the keys in "${folder}" are not whole`, {
      hint: "Make a whole set: socle keys init FOLDER",
    });
  }
  return {
    development,
    db: await openCertifiedSigner(keys, "db"),
    provenance: { keyId: toKeyId(provenanceSigner.publicKey), signer: provenanceSigner },
    trustedRoot,
    extensionCertificates: roles.extension.keys.flatMap(({ certificate, state }) =>
      certificate === undefined || state === "revoked" ? [] : [certificate],
    ),
  };
}
