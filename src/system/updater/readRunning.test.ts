import assert from "node:assert/strict";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { readLoaderVariable } from "./loaderVariable.ts";
import { openBootLoader } from "./openBootLoader.ts";
import { findRootHash, toStartedVersion } from "./readRunning.ts";

const STARTED: readonly (readonly [path: string | undefined, version: string | undefined])[] = [
  ["\\EFI\\Linux\\minimal_1.0.0+2-1.efi", "1.0.0"],
  ["\\EFI\\Linux\\minimal_1.1.0~rc1.efi", "1.1.0~rc1"],
  ["/EFI/Linux/my-system_2.efi", "2"],
  ["\\EFI\\BOOT\\BOOTX64.EFI", undefined],
  ["\\EFI\\Linux\\debian-6.12.efi", undefined],
  ["", undefined],
  [undefined, undefined],
];

for (const [path, version] of STARTED) {
  test(`the kernel image ${path ?? "that nobody names"} is of version ${version ?? "nobody knows"}`, () => {
    assert.equal(toStartedVersion(path), version);
  });
}

const STATUS = `/dev/mapper/root is active and is in use.
  type:    VERITY
  status:  verified (with signature)
  hash type:   1
  data block:  4096
  hash block:  4096
  hash name:   sha256
  salt:        -
  data device: /dev/vda2
  size:   536576 [512-byte units]
  mode:        readonly
  hash device: /dev/vda3
  root hash:   ${"ab".repeat(32)}
  flags:       panic_on_corruption
`;

test("the root hash is the one that the kernel checks", () => {
  assert.equal(findRootHash(STATUS), "ab".repeat(32));
  assert.equal(findRootHash("/dev/mapper/root is inactive.\n"), undefined);
  assert.equal(findRootHash("  root hash:   abcd\n"), undefined);
});

/** As efivarfs shows it: attributes, then UTF-16 with a NUL. */
function toVariable(text: string): Buffer {
  return Buffer.concat([Buffer.from([7, 0, 0, 0]), Buffer.from(`${text}\0`, "utf16le")]);
}

const NAMESPACE = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

test("a variable of the loader is a text, or not there", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-efi-"));
  await writeFile(join(folder.path, `StubImageIdentifier-${NAMESPACE}`), toVariable("\\EFI\\Linux\\a_1.efi"));
  assert.equal(await readLoaderVariable("StubImageIdentifier", folder.path), "\\EFI\\Linux\\a_1.efi");
  assert.equal(await readLoaderVariable("LoaderEntryOneShot", folder.path), undefined);
});

const ONE_SHOTS: readonly (readonly [variable: string | undefined, fileName: string | undefined])[] = [
  [undefined, undefined],
  ["", undefined],
  ["minimal_1.0.0.efi", "minimal_1.0.0.efi"],
  ["minimal_1.0.0-rc1.efi", "minimal_1.0.0-RC1.efi"],
  ["other.efi", "other.efi"],
];

for (const [variable, fileName] of ONE_SHOTS) {
  test(`the loader was told "${variable ?? "nothing"}": the next boot starts ${fileName ?? "what it picks"}`, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "socle-efi-"));
    if (variable !== undefined)
      await writeFile(join(folder.path, `LoaderEntryOneShot-${NAMESPACE}`), toVariable(variable));
    const names = ["minimal_1.0.0.efi", "minimal_1.0.0-RC1.efi"];
    const list = async () => names.map((name) => ({ name, sizeBytes: 1 }));
    assert.equal(await openBootLoader({ list }, folder.path).readBootOnce(), fileName);
  });
}
