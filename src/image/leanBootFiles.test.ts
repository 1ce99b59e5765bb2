import assert from "node:assert/strict";
import { test } from "node:test";

import { LEVELS } from "#definition/levels.ts";

import { leanBootFiles } from "./leanBootFiles.ts";

test("what a machine of images has no use for is masked, but at classic", () => {
  assert.deepEqual(leanBootFiles({ policies: LEVELS.classic }), []);
  for (const level of ["semi", "sealed", "total"] as const) {
    const files = leanBootFiles({ policies: LEVELS[level] });
    const masked = files.flatMap((file) => (file.kind === "symlink" ? [file] : []));
    assert.ok(masked.every(({ target }) => target === "/dev/null"));
    assert.ok(masked.some(({ path }) => path === "/usr/lib/systemd/system/sys-kernel-debug.mount"));
    assert.equal(new Set(files.map(({ path }) => path)).size, files.length);
  }
});
