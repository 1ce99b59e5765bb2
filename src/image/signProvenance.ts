import { join } from "node:path";

import type { Checksum } from "#release/checksums.ts";
import type { ReleaseManifest } from "#release/manifest.ts";
import type { Sha256 } from "#release/sha256.ts";
import { hashBytes, readText, writeWithParents } from "#system/files.ts";
import { PROJECT_ROOT } from "#system/workspace.ts";

import type { BuildContext } from "./buildContext.ts";
import { TOOLS_SUITE } from "./buildPackages.ts";
import { hashBuilder } from "./hashBuilder.ts";
import { digest, type StepResult } from "./stepCache.ts";

/** In the step's folder. */
export const PROVENANCE_FILE = "provenance.intoto.jsonl";

/** How the release was built, signed with the project's provenance key. */
export async function signProvenance(
  context: BuildContext,
  manifest: ReleaseManifest,
  manifestFile: Checksum,
): Promise<StepResult<{ sha256: Sha256 }>> {
  const { definition, lock, signing, cache } = context;
  const { keyId, signer } = signing.provenance;
  const builder = await hashBuilder();
  const versions = await readVersions();
  const commands = new Map(cache.commands); // as they are now: without those of this step
  return cache.run({
    name: "provenance",
    code: [
      import.meta.filename,
      ...["release/provenance", "release/packageUrl", "trust/dsse"].map((name) =>
        join(import.meta.dirname, `../${name}.ts`),
      ),
    ],
    // The manifest has the digests of the artifacts, of definition and lock.
    inputs: {
      manifest: manifestFile.sha256,
      ...builder,
      versions,
      keyId,
      commands: digest(Object.fromEntries(commands)),
    },
    describe: () => `signed by ${keyId.slice(0, 12)}`,
    make: async (folder) => {
      const [{ encodeProvenance, PROVENANCE_PAYLOAD_TYPE }, { signDsse }] = await Promise.all([
        import("#release/provenance.ts"),
        import("#trust/dsse.ts"),
      ]);
      const statement = encodeProvenance({
        subjects: [...manifest.artifacts, manifestFile],
        definition: { id: definition.id, version: definition.version, sha256: manifest.definitionDigest },
        lock: { sha256: manifest.lockDigest },
        image: { suite: definition.distribution.suite, packages: lock.packages },
        tools: { suite: TOOLS_SUITE, packages: lock.tools },
        builder: {
          versions,
          sources: [
            { name: "socle/src", sha256: builder.sources },
            { name: "socle/package-lock.json", sha256: builder.dependencies },
          ],
        },
        commands,
      });
      const envelope = `${await signDsse(PROVENANCE_PAYLOAD_TYPE, Buffer.from(statement), [{ keyId, signer }])}\n`;
      await writeWithParents(join(folder, PROVENANCE_FILE), envelope);
      return { sha256: hashBytes(envelope) };
    },
  });
}

async function readVersions(): Promise<{ socle: string; node: string }> {
  const { version } = JSON.parse(await readText(join(PROJECT_ROOT, "package.json"))) as { version: string }; // ours
  return { socle: version, node: process.version };
}
