import assert from "node:assert/strict";
import { test } from "node:test";

import { LEVELS, type LevelName } from "#definition/levels.ts";

import { loginFiles } from "./loginFiles.ts";

const UNITS = "/usr/lib/systemd/system";
const filesOf = (level: LevelName) => loginFiles({ policies: LEVELS[level] });

test("classic is left as it is", () => {
  assert.deepEqual(filesOf("classic"), []);
});

for (const level of ["semi", "sealed", "total"] as const)
  test(`${level} has no unit and no generator that leads to a shell, and nothing of it lies in /etc`, () => {
    const files = filesOf(level);
    const masked = files.flatMap((file) =>
      file.kind === "symlink" && file.target === "/dev/null" ? [file.path.split("/").at(-1)] : [],
    );
    for (const unit of ["getty@.service", "serial-getty@.service", "autovt@.service", "debug-shell.service"])
      assert.ok(masked.includes(unit), unit);
    assert.ok(masked.includes("systemd-debug-generator"));
    assert.deepEqual(
      files.filter(({ path }) => !path.startsWith("/usr/")),
      [],
    );
  });

test("emergency and rescue mode are not masked, which their targets would not survive, and run no sulogin", () => {
  for (const unit of ["emergency.service", "rescue.service"]) {
    const file = filesOf("sealed").find(({ path }) => path === `${UNITS}/${unit}`);
    assert.ok(file?.kind === "file");
    assert.match(
      String(file.content),
      /^ExecStart=sh -c "sleep 60; exec systemctl --no-block --no-wall reboot"$/m,
    );
    assert.doesNotMatch(String(file.content), /sulogin|StandardInput/);
  }
});

test("only where /etc is kept are accounts of a new version added at a boot", () => {
  const has = (level: LevelName) => filesOf(level).some(({ path }) => path.includes("sysusers"));
  const added = (level: LevelName) => filesOf(level).some(({ path }) => path.endsWith("/socle-always.conf"));
  assert.ok(has("sealed") && !added("sealed") && !added("total") && added("semi"));
});
