import assert from "node:assert/strict";
import { test } from "node:test";

import { LEVELS } from "#definition/levels.ts";

import { updaterFiles } from "./updaterFiles.ts";

const UNITS = "/usr/lib/systemd/system";

test("where there are slots the updater is looked after by its timer; where there are none it only answers", () => {
  const pathsOf = (policies: (typeof LEVELS)["semi"] | (typeof LEVELS)["classic"]) =>
    updaterFiles({ policies }).map(({ path }) => path);
  assert.ok(pathsOf(LEVELS.semi).includes(`${UNITS}/timers.target.wants/socle-updater.timer`));
  assert.ok(!pathsOf(LEVELS.classic).some((path) => path.endsWith(".timer")));
  for (const policies of [LEVELS.semi, LEVELS.classic])
    assert.ok(pathsOf(policies).includes(`${UNITS}/sockets.target.wants/socle-updater.socket`));
});

test("every link leads to a unit that is there", () => {
  const files = updaterFiles({ policies: LEVELS.sealed });
  const paths = new Set(files.map(({ path }) => path));
  const links = files.filter((file) => file.kind === "symlink");
  assert.equal(links.length, 2);
  for (const { path, target } of links)
    assert.ok(paths.has(new URL(target, `file://${path}`).pathname), path);
});
