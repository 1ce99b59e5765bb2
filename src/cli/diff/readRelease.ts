import { basename, join } from "node:path";

import type { ComparedSystem } from "#release/comparison/comparedSystem.ts";
import { toComparedRelease } from "#release/comparison/toComparedRelease.ts";
import { parseManifest, type ReleaseManifest } from "#release/manifest.ts";
import { decodePackageList } from "#release/packages.ts";
import { parseContents } from "#release/parseContents.ts";
import { hashBytes, readIfPresent, readText } from "#system/files.ts";

import { CompareError } from "./compareError.ts";

/** A release as its manifest and the two lists beside it describe it; its images are not read. */
export async function readRelease(folder: string, manifestFile: string): Promise<ComparedSystem> {
  const manifest = parseManifest(await readText(manifestFile));
  const contents = await readArtifact(folder, manifest, "contents");
  if (contents.text !== undefined)
    return toComparedRelease(manifest, { contents: parseContents(contents.text) });
  const packages = await readArtifact(folder, manifest, "packages");
  return toComparedRelease(manifest, {
    missing: contents.isListed
      ? "lacks the list of its contents that its manifest names"
      : "has no list of its contents",
    ...(packages.text === undefined ? {} : { packages: decodePackageList(packages.text) }),
  });
}

/** The manifest says what its bytes must be: a list that was altered would make a comparison lie. */
async function readArtifact(
  folder: string,
  manifest: ReleaseManifest,
  wanted: string,
): Promise<{ isListed: boolean; text?: string }> {
  const artifact = manifest.artifacts.find(({ kind }: { kind: string }) => kind === wanted);
  if (artifact === undefined) return { isListed: false };
  const text = await readIfPresent(join(folder, artifact.name));
  if (text === undefined) return { isListed: true };
  const found = hashBytes(text);
  if (found !== artifact.sha256) {
    throw new CompareError(
      "release-altered",
      `Cannot compare "${folder}": "${basename(artifact.name)}" has the SHA-256 ${found}, its manifest says ${artifact.sha256}`,
      { hint: "The folder was changed after it was built, or copied in part: build or fetch it anew." },
    );
  }
  return { isListed: true, text };
}
