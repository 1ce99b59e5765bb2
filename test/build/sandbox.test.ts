import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

import { parseDefinition } from "#definition/parseDefinition.ts";
import { listImageFiles } from "#image/imageFiles.ts";
import { findIsolation } from "#system/isolation.ts";
import { ToolsTree } from "#system/toolsTree.ts";

import { CLONE } from "./workspace.ts";

/** What `systemd-analyze security` may say at most: 0 is shut, 10 is open. As in docs/hardening.md. */
const MOST_EXPOSURE: Readonly<Record<string, number>> = {
  "socle-agent.service": 2.2,
  "socle-updater.service": 3.4,
  "socle-boot-options.service": 1.3,
  "socle-health.service": 2.6,
  "socle-debug@.service": 1.3,
  "socle-verity-status@.service": 3.1,
  "socle-socket-holders@.service": 3.1,
};

const tools = new ToolsTree(
  await readFile(join(CLONE, ".socle/tools/current"), "utf8"),
  await findIsolation(),
);
const root = await mkdtemp(join(tmpdir(), "socle-sandbox-"));
after(() => rm(root, { recursive: true }));
const definition = parseDefinition({ id: "edge", version: "1.0", debug: { allowed: true } });
for (const file of listImageFiles(definition, {
  trustedRoot: "{}",
  extensionCertificates: [],
  development: true,
} as unknown as Parameters<typeof listImageFiles>[1])) {
  const path = join(root, file.path);
  await mkdir(dirname(path), { recursive: true });
  await (file.kind === "file"
    ? writeFile(path, file.content, { mode: file.mode })
    : symlink(file.target, path));
}

test("no unit of Socle is more exposed than docs/hardening.md says, by systemd's own figure", async () => {
  const documented = await readFile(join(CLONE, "docs/hardening.md"), "utf8");
  for (const [unit, most] of Object.entries(MOST_EXPOSURE)) {
    const { stdout } = await tools.run(
      ["systemd-analyze", "security", "--offline=true", `--root=${root}`, "--no-pager", unit],
      { folders: [root] },
    );
    const exposure = Number(/Overall exposure level for .*: ([\d.]+) /.exec(stdout)?.[1]);
    assert.ok(exposure <= most, `${unit} is at ${exposure}, wanted ${most} at most`);
    assert.ok(
      documented.includes(`| \`${unit}\` | ${exposure.toFixed(1)} |`),
      `docs/hardening.md: ${unit} ${exposure}`,
    );
  }
});

test("systemd finds nothing wrong with the units of Socle", async () => {
  const units = Object.keys(MOST_EXPOSURE).map((unit) => unit.replace("@.", "@1."));
  const files = [
    "emergency.service",
    "rescue.service",
    "socle-verity-status.socket",
    "socle-socket-holders.socket",
  ];
  // Its own units come from the tools tree; programs of the image are not there.
  const { stdout, stderr } = await tools.runScript(
    `cp -a "$1/usr/lib/systemd/system" /run/units; cd /run/units; shift
     SYSTEMD_UNIT_PATH=/run/units: systemd-analyze verify --man=no --recursive-errors=no "$@" || true`,
    [root, ...units, ...files],
    { folders: [root] },
  );
  const complaints = (stdout + stderr)
    .split("\n")
    .filter((line) => line !== "" && !line.includes("is not executable: No such file"));
  assert.deepEqual(complaints, []);
});
