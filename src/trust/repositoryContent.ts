import { createHash } from "node:crypto";

import type { Targets } from "@tufjs/models";
import { z } from "zod";

import {
  CHANNEL_DOCUMENT_NAME,
  encodeChannel,
  parseChannel,
  toTargetPath,
  type Channel,
} from "#release/channel.ts";
import { ARTIFACTS, type ArtifactKind } from "#release/releaseNames.ts";
import { isSha256, parseSha256, type Sha256 } from "#release/sha256.ts";

import { toReason } from "./repositoryRoots.ts";

/** What a repository offers, without versions, signatures and expiry. By name of the channel. */
export type RepositoryContent = ReadonlyMap<string, ChannelContent>;

export interface ChannelContent {
  readonly document: Channel;
  /** Every file of every release in it. */
  readonly files: readonly PublishedFile[];
}

/** A file of a release. In target metadata `custom` holds version and kind: they need not be guessed from the name. */
export interface PublishedFile {
  readonly name: string;
  readonly version: string;
  readonly kind: ArtifactKind;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}

/** In the folder `targets/CHANNEL`, as TUF's consistent snapshots want it. */
export function toStoredName({ name, sha256 }: Pick<PublishedFile, "name" | "sha256">): string {
  return `${sha256}.${name}`;
}

export interface ChannelDocument {
  readonly text: string;
  readonly sizeBytes: number;
  readonly name: string;
  readonly sha256: Sha256;
}

/** `channel.json` as the file that it is. */
export function toDocumentFile({ document }: ChannelContent): ChannelDocument {
  const text = encodeChannel(document);
  return {
    name: CHANNEL_DOCUMENT_NAME,
    text,
    sizeBytes: Buffer.byteLength(text),
    sha256: parseSha256(createHash("sha256").update(text).digest("hex")),
  };
}

/** The member `targets` of the channel's metadata. */
export function toTargets(content: ChannelContent): Record<string, object> {
  const { name } = content.document;
  const sorted = content.files.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  return Object.fromEntries([
    [toTargetPath(name, CHANNEL_DOCUMENT_NAME), toEntry(toDocumentFile(content))],
    ...sorted.map((file) => [
      toTargetPath(name, file.name),
      { ...toEntry(file), custom: { version: file.version, kind: file.kind } },
    ]),
  ]);
}

function toEntry({ sizeBytes, sha256 }: Pick<PublishedFile, "sizeBytes" | "sha256">) {
  return { length: sizeBytes, hashes: { sha256 } };
}

const custom = z.strictObject({
  version: z.string(),
  kind: z.enum(Object.keys(ARTIFACTS) as [ArtifactKind, ...ArtifactKind[]]), // the keys of ARTIFACTS, at least one
});

/** Where a channel's metadata say that its document is, in `targets/CHANNEL`; undefined where they name none. */
export function findStoredDocument(name: string, targets: Targets): string | undefined {
  const sha256 = targets.targets[toTargetPath(name, CHANNEL_DOCUMENT_NAME)]?.hashes["sha256"];
  return sha256 !== undefined && isSha256(sha256)
    ? toStoredName({ name: CHANNEL_DOCUMENT_NAME, sha256 })
    : undefined;
}

/** Every problem is added to `problems`. `documentText`: undefined where the file is missing. */
export function readChannelContent(
  name: string,
  targets: Targets,
  documentText: string | undefined,
  problems: string[],
): ChannelContent | undefined {
  const files = Object.values(targets.targets).flatMap((target) => {
    const [folder, fileName = "", ...rest] = target.path.split("/");
    if (target.path === toTargetPath(name, CHANNEL_DOCUMENT_NAME)) return [];
    const sha256 = target.hashes["sha256"] ?? "";
    const said = custom.safeParse(target.custom);
    if (folder !== name || fileName === "" || rest.length > 0 || !isSha256(sha256) || !said.success) {
      problems.push(`${name}.json names "${target.path}" in a form that is not a release's`);
      return [];
    }
    return [{ name: fileName, sizeBytes: target.length, sha256, ...said.data }];
  });
  if (documentText === undefined) {
    problems.push(`${name}: its ${CHANNEL_DOCUMENT_NAME} is missing`);
    return undefined;
  }
  try {
    const document = parseChannel(documentText);
    if (document.name !== name) throw new Error(`it is that of the channel "${document.name}"`);
    const content = { document, files };
    problems.push(...findContradictions(content).map((problem) => `${name}: ${problem}`));
    return content;
  } catch (error) {
    problems.push(`${name}: its ${CHANNEL_DOCUMENT_NAME} cannot be used: ${toReason(error)}`);
    return undefined;
  }
}

function findContradictions({ document, files }: ChannelContent): string[] {
  const listed = document.releases.map(({ version }) => version);
  const unlisted = new Set(
    files.map(({ version }) => version).filter((version) => !listed.includes(version)),
  );
  return [
    ...[...unlisted].map((version) => `has files of ${version}, which is not among its releases`),
    ...document.releases
      .filter(
        ({ version, manifest }) =>
          !files.some(
            (file) =>
              file.version === version &&
              file.kind === "manifest" &&
              toTargetPath(document.name, file.name) === manifest,
          ),
      )
      .map(({ version }) => `lists ${version}, but has no manifest of it`),
  ];
}
