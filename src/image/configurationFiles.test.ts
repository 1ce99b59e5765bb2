import assert from "node:assert/strict";
import { test } from "node:test";

import { LEVELS } from "#definition/levels.ts";

import { configurationFiles } from "./configurationFiles.ts";

const UNIT = "/usr/lib/systemd/system/socle-configuration.service";

const DRIVE_RULE = "/usr/lib/udev/rules.d/90-socle-drive.rules";

function filesOf(level: keyof typeof LEVELS, configuration?: string) {
  return configurationFiles({
    policies: LEVELS[level],
    ...(configuration === undefined ? {} : { configuration }),
  });
}

function contentOf(level: keyof typeof LEVELS, path: string): string {
  const file = filesOf(level).find((each) => each.path === path);
  return file?.kind === "file" ? String(file.content) : "";
}

test("where /etc is rendered each boot does it first, and a reload does it again", () => {
  for (const level of ["sealed", "total"] as const) {
    assert.match(contentOf(level, UNIT), /^ExecReload=.*configure\.mjs --again$/m);
    assert.ok(filesOf(level).some(({ path }) => path.includes("sysinit.target.wants/")));
    assert.match(contentOf(level, DRIVE_RULE), /"SOCLE-CONFIG\|SOCLE-CONF".*"socle-drive\.service"$/m);
  }
});

test("elsewhere nothing waits for it, and a drive that shows up starts it", () => {
  for (const level of ["classic", "semi"] as const) {
    assert.doesNotMatch(contentOf(level, UNIT), /ExecReload|RemainAfterExit|\[Install\]/);
    assert.ok(!filesOf(level).some(({ path }) => path.includes(".wants/")));
    assert.match(
      contentOf(level, DRIVE_RULE),
      /"SOCLE-CONFIG\|SOCLE-CONF".*"socle-configuration\.service"$/m,
    );
  }
});

test("the definition's configuration is in the image, for root's eyes", () => {
  const embedded = filesOf("sealed", "{}").find(({ path }) => path === "/usr/share/socle/config.json");
  assert.ok(embedded?.kind === "file");
  assert.deepEqual([embedded.mode, embedded.content], [0o600, "{}"]);
  assert.ok(!filesOf("sealed").some(({ path }) => path.endsWith("config.json")));
});
