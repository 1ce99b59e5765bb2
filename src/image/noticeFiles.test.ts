import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { noticeFiles } from "./noticeFiles.ts";

test("the notice comes to every console, without what a terminal would obey, and not too much of it", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-notice-"));
  const script = noticeFiles().find(({ path }) => path === "/usr/lib/socle/show-notice");
  assert.ok(script?.kind === "file" && typeof script.content === "string");
  assert.equal(script.mode, 0o755);
  const active = join(folder.path, "active");
  const notice = join(folder.path, "notice");
  await writeFile(active, "tty0 ttyS0\n");
  await writeFile(notice, `edge-01\n\u001b[2J\u0007 waits\n${"x".repeat(10_000)}`);
  const moved = script.content
    .replaceAll("/run/socle-agent/notice", notice)
    .replaceAll("/sys/class/tty/console/active", active)
    .replaceAll('"/dev/$console"', `"${folder.path}/$console"`);
  execFileSync("sh", ["-c", moved]);
  for (const console of ["tty0", "ttyS0"]) {
    const shown = await readFile(join(folder.path, console), "utf8");
    assert.match(shown, /^\nedge-01\n\[2J waits\nx+\n\n$/);
    assert.ok(shown.length < 4200);
  }
});
