import assert from "node:assert/strict";
import { test } from "node:test";

import { LEVELS } from "#definition/levels.ts";

import { espFiles } from "./espFiles.ts";
import { watchdogFiles } from "./watchdogFiles.ts";

for (const [level, policies] of Object.entries(LEVELS)) {
  const counts = level === "semi" || level === "sealed";
  test(`at "${level}" systemd feeds the watchdog, and ${counts ? "a start that came to its end is remembered" : "nobody counts starts"}`, () => {
    const files = new Map(watchdogFiles({ policies }).map((file) => [file.path, file]));
    const watchdog = files.get("/usr/lib/systemd/system.conf.d/socle-watchdog.conf");
    assert.match(watchdog?.kind === "file" ? String(watchdog.content) : "", /^RuntimeWatchdogSec=30s$/m);
    const unit = files.get("/usr/lib/systemd/system/socle-boot-finished.service");
    assert.equal(unit !== undefined, counts);
    // Ordered after the target that wants it: with default dependencies that would be a cycle.
    if (unit?.kind === "file") assert.match(String(unit.content), /^DefaultDependencies=no$/m);
  });
}

test("of the kernel images only empty ones of this system are removed before one is blessed", () => {
  const [file] = espFiles({ id: "minimal" });
  assert.ok(file?.kind === "file");
  assert.match(file.path, /\/systemd-bless-boot\.service\.d\//);
  assert.match(
    String(file.content),
    /^ExecStartPre=-find \/boot\/EFI\/Linux .*-name "minimal_\*\.efi" -size 0 -delete$/m,
  );
});
