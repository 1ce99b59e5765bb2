/** Kernel images made from another one's parts: newer, or with an initrd that goes wrong. */
import assert from "node:assert/strict";
import { join } from "node:path";

import { encodeCpio } from "#boot/cpio.ts";
import { readPeSection, readPeText } from "#boot/portableExecutable.ts";
import { makeFolder, readBytes, remove, writeAtomic } from "#system/files.ts";
import { signPortableExecutable } from "#trust/authenticode.ts";
import { findArtifact } from "#vm/findRelease.ts";

import type { TestSystem } from "./harness.ts";

export interface KernelChanges {
  readonly version: string;
  /** For the end of the command line. */
  readonly argument?: string;
  /** Of the script that is PID 1 in the initrd. */
  readonly changeInit?: (script: string) => string;
  /** Texts for files of the initrd, by path; their folders are there. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface RemadeKernel {
  readonly bytes: Uint8Array;
  readonly commandLine: string;
}

/** The release's kernel image with these changes, for the same root; signed as the release was. */
export async function remakeKernel(
  { context, folder, manifest }: TestSystem,
  { version, argument, changeInit, files = {} }: KernelChanges,
): Promise<RemadeKernel> {
  const { tools, signing, definition } = context;
  const image = Buffer.from(await readBytes(await findArtifact({ folder, manifest }, "uki")));
  const commandLine = [readPeText(image, ".cmdline"), ...(argument === undefined ? [] : [argument])].join(
    " ",
  );
  const initrd = readPeSection(image, ".initrd");
  const script = findInit(initrd);
  const init = changeInit === undefined ? script : changeInit(script);
  assert.equal(init === script, changeInit === undefined, "nothing of the initrd's script was changed");
  const changed = { ...files, ...(changeInit === undefined ? {} : { init }) };
  const work = join(folder, "..", `.kernel_${version}`);
  const parts = {
    linux: readPeSection(image, ".linux"),
    initrd: Buffer.concat([initrd, encodeLayer(changed, definition.sourceDateEpoch)]),
    "os-release": readPeText(image, ".osrel").replaceAll(manifest.version, version),
  };
  await makeFolder(work);
  try {
    for (const [name, content] of Object.entries(parts)) await writeAtomic(join(work, name), content);
    const output = join(work, "uki.efi");
    const argv = [
      "ukify",
      "build",
      `--linux=${join(work, "linux")}`,
      `--initrd=${join(work, "initrd")}`,
      `--cmdline=${commandLine}`,
      `--os-release=@${join(work, "os-release")}`,
      `--uname=${readPeText(image, ".uname")}`,
      `--output=${output}`,
    ];
    await tools.run(argv, { folders: [work] });
    return { bytes: await signPortableExecutable(await readBytes(output), signing.db), commandLine };
  } finally {
    await remove(work);
  }
}

/** The kernel unpacks archives one after the other: of two files with one path the last stays. */
function encodeLayer(files: Readonly<Record<string, string>>, mtime: number): Buffer {
  const folders = new Set(Object.keys(files).flatMap(listParents));
  return encodeCpio(
    [
      ...[...folders].map((path) => ({ kind: "directory", path }) as const),
      ...Object.entries(files).map(
        ([path, text]) => ({ kind: "file", path, mode: 0o755, content: Buffer.from(text) }) as const,
      ),
    ],
    mtime,
  );
}

function listParents(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** From `boot/cpio.ts`: a header of 110 characters, the name with its NUL, padded together to 4 bytes; then the content. */
function findInit(initrd: Buffer): string {
  const name = "init\0";
  const nameAt = initrd.indexOf(`00000000${name}`, 0, "latin1") + 8;
  const header = initrd.subarray(nameAt - 110, nameAt).toString("latin1");
  assert.match(header, /^070701[0-9a-f]{104}$/);
  const contentAt = nameAt - 110 + Math.ceil((110 + name.length) / 4) * 4;
  const sizeBytes = Number.parseInt(header.slice(54, 62), 16);
  return initrd.subarray(contentAt, contentAt + sizeBytes).toString("utf8");
}
