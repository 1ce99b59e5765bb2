import { join } from "node:path";

import { hashBytes, writeWithParents } from "#system/files.ts";
import { signRootHash } from "#trust/rootHashSignature.ts";
import { encodeVerityPartition } from "#trust/verityPartition.ts";

import type { BuildContext } from "./buildContext.ts";
import type { PackedRoot } from "./packRoot.ts";
import type { StepResult } from "./stepCache.ts";

/** The content of the partition from which the kernel takes the root hash's signature: `signature.img`. Nothing where the root is writable. */
export async function signRoot(
  context: BuildContext,
  root: StepResult<PackedRoot>,
): Promise<StepResult<null> | undefined> {
  const { db } = context.signing;
  const { rootHash } = root.value;
  if (rootHash === undefined) return undefined;
  return context.cache.run({
    name: "signature",
    code: [import.meta.filename],
    inputs: { rootHash, certificate: hashBytes(db.certificate) },
    make: async (folder) => {
      const signature = await signRootHash(rootHash, db);
      const content = encodeVerityPartition({
        rootHash,
        signature,
        certificateFingerprint: hashBytes(db.certificate),
      });
      await writeWithParents(join(folder, "signature.img"), content);
      return null;
    },
  });
}
