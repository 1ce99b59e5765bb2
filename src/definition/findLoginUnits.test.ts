import assert from "node:assert/strict";
import { test } from "node:test";

import { findLoginUnits } from "./findLoginUnits.ts";
import type { LevelName } from "./levels.ts";

const refused = (enable: string[], level?: LevelName) =>
  findLoginUnits({ units: { enable }, ...(level === undefined ? {} : { level }) });

test("a getty or a debug shell is refused where the root is verified, also by default", () => {
  const units = ["nginx.service", "getty@tty1.service", "serial-getty@ttyS0.service", "debug-shell.service"];
  for (const level of [undefined, "semi", "total"] as const) assert.equal(refused(units, level).length, 3);
  assert.deepEqual(refused(units, "classic"), []);
  assert.deepEqual(refused(["nginx.service", "my-getty-exporter.service"]), []);
});
