import { join } from "node:path";

import { SocleError } from "#progress/socleError.ts";
import { parseManifest, type ReleaseManifest } from "#release/manifest.ts";
import { ARTIFACTS, type ArtifactKind } from "#release/releaseNames.ts";
import { exists, listFolder, readText } from "#system/files.ts";

export class FindReleaseError extends SocleError<"no-release" | "release-incomplete"> {
  override readonly name = "FindReleaseError";
}

export interface ReleaseFolder {
  readonly folder: string;
  readonly manifest: ReleaseManifest;
}

/** Reads the manifest of a release folder. */
export async function findRelease(folder: string): Promise<ReleaseFolder> {
  const names = await listFolder(folder);
  const suffix = ARTIFACTS.manifest.pattern.replace("@v", "");
  const [name, ...others] = names.filter((entry) => entry.endsWith(suffix));
  if (name === undefined || others.length > 0) {
    throw new FindReleaseError(
      "no-release",
      `"${folder}" is not a release: it has ${others.length === 0 ? "no" : "more than one"} file *${suffix}`,
      {
        hint: "Build one first: socle build",
      },
    );
  }
  return { folder, manifest: parseManifest(await readText(join(folder, name))) };
}

/** Where a release has its artifact of this kind. */
export async function findArtifact({ folder, manifest }: ReleaseFolder, kind: ArtifactKind): Promise<string> {
  const artifact = manifest.artifacts.find((entry) => entry.kind === kind);
  const file = artifact === undefined ? undefined : join(folder, artifact.name);
  if (file !== undefined && (await exists(file))) return file;
  throw new FindReleaseError(
    "release-incomplete",
    `The release in "${folder}" has no file of the kind "${kind}"`,
  );
}
