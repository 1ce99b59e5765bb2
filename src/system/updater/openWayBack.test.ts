import assert from "node:assert/strict";
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { openWayBack, type WayBackFiles } from "./openWayBack.ts";

async function withFiles(use: (files: WayBackFiles, folder: string) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-boots-"));
  const boots = join(folder.path, "boots");
  await use(
    openWayBack({ wayBack: join(boots, "way-back.efivar"), goneBackFrom: join(boots, "gone-back-from") }),
    boots,
  );
}

test("the way back is the variable that has the loader start it once", async () => {
  await withFiles(async (files, folder) => {
    await files.prepare("minimal_1.0.0.efi");
    const path = join(folder, "way-back.efivar");
    const variable = await readFile(path);
    // Non-volatile, for the loader and the system (UEFI 2.10, 8.2), then UTF-16 that ends with NUL.
    assert.deepEqual([...variable.subarray(0, 4)], [7, 0, 0, 0]);
    assert.equal(variable.subarray(4).toString("utf16le"), "minimal_1.0.0.efi\0");
    const before = await stat(path);
    await files.prepare("minimal_1.0.0.efi");
    assert.equal((await stat(path)).ino, before.ino, "the same is not written again");
    await files.prepare("minimal_1.1.0.efi");
    assert.match((await readFile(path)).subarray(4).toString("utf16le"), /^minimal_1\.1\.0\.efi\0$/);
    await files.prepare(undefined);
    await files.prepare(undefined);
    assert.deepEqual(await readdir(folder), []);
  });
});

test("what the initrd went back from is read until it is forgotten", async () => {
  await withFiles(async (files, folder) => {
    assert.equal(await files.readGoneBackFrom(), undefined);
    await files.prepare("minimal_1.0.0.efi");
    for (const [text, name] of [
      ["minimal_1.1.0.efi\n", "minimal_1.1.0.efi"],
      ["", undefined],
    ] as const) {
      await writeFile(join(folder, "gone-back-from"), text);
      assert.equal(await files.readGoneBackFrom(), name);
    }
    await files.forgetGoneBack();
    await files.forgetGoneBack();
    assert.deepEqual(await readdir(folder), ["way-back.efivar"]);
  });
});
