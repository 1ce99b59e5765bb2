import { join } from "node:path";

import { fileOf, hashOf, type SampleRelease } from "#release/comparison/sampleReleases.fixture.ts";
import type { ContentsFile } from "#release/contents.ts";
import { encodeManifest, type ReleaseManifest } from "#release/manifest.ts";
import { encodeContents } from "#release/parseContents.ts";
import { writeAtomic } from "#system/files.ts";

/** Writes a release without its images: manifest and contents are all that a comparison reads. */
export async function writeSampleRelease(
  folder: string,
  { manifest, contents }: SampleRelease,
): Promise<void> {
  const text = encodeContents(contents);
  const name = `${manifest.id}_${manifest.version}.contents.json`;
  const artifact = {
    kind: "contents",
    name,
    sizeBytes: Buffer.byteLength(text),
    sha256: hashOf(text),
  } as const;
  await writeAtomic(join(folder, name), text);
  await writeManifest(folder, { ...manifest, artifacts: [...manifest.artifacts, artifact] });
}

export async function writeManifest(folder: string, manifest: ReleaseManifest): Promise<void> {
  const { id, version } = manifest;
  await writeAtomic(join(folder, `${id}_${version}.manifest.json`), encodeManifest(manifest));
}

/** The same with as many files as a real system has; every `changedEach`-th has the release's own content. */
export function withManyFiles(sample: SampleRelease, count: number, changedEach: number): SampleRelease {
  const { contents } = sample;
  const many = Array.from({ length: count }, (_, index): ContentsFile => {
    const folder = `/usr/share/doc/package-${String(index % 150).padStart(3, "0")}/examples`;
    const content = index % changedEach === 0 ? `${index} ${contents.version}` : String(index);
    return fileOf(`${folder}/a-file-with-a-name-of-some-length-${index}.txt`, content);
  });
  const files = [...contents.files, ...many].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { ...sample, contents: { ...contents, files } };
}
