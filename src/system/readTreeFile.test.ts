import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readTreeFile } from "./readTreeFile.ts";

test("a file comes from the uppermost layer that has it as a file", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-tree-"));
  const layers = ["upper", "lower"].map((name) => join(folder.path, name));
  for (const layer of layers) await mkdir(join(layer, "etc"), { recursive: true });
  const [upper = "", lower = ""] = layers;
  await writeFile(join(upper, "etc/both"), "upper");
  await writeFile(join(lower, "etc/both"), "lower");
  await mkdir(join(lower, "usr"));
  await writeFile(join(lower, "usr/a"), new Uint8Array([0xff, 0]));
  await symlink("both", join(upper, "etc/link"));

  const cases: Record<string, Uint8Array | undefined> = {
    "/etc/both": Buffer.from("upper"),
    "/usr/a": Buffer.from([0xff, 0]),
    "/etc/link": undefined,
    "/etc": undefined,
    "/etc/none": undefined,
    "/etc/both/none": undefined,
  };
  for (const [path, content] of Object.entries(cases))
    assert.deepEqual(await readTreeFile(layers, path), content, path);
});
