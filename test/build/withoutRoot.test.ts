import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { CLONE, findLeftovers, run, SOCLE, TestWorkspace, toRelease } from "./workspace.ts";

/** A user of this host who may use subordinate ids and can read the clone. */
async function findUser(): Promise<string | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const ranges = await readFile("/etc/subuid", "utf8").catch(() => "");
  for (const user of ranges.split("\n").flatMap((line) => line.split(":")[0] || [])) {
    const { exitCode } = await run(["su", user, "-c", `test -r '${CLONE}/package.json'`], {
      cwd: "/",
      env: {},
    });
    if (exitCode === 0) return user;
  }
  return undefined;
}

const user = await findUser();
const skip =
  user === undefined &&
  "no user of this host has subordinate ids and can read the clone; as root: useradd -m NAME";

test("without root, in a user namespace, the same system is built, and removed again", { skip }, async () => {
  await using workspace = await TestWorkspace.make({ tools: false });
  const reference = toRelease(
    await run(
      [
        SOCLE,
        "build",
        join(CLONE, "systems/minimal/system.ts"),
        "--output",
        join(workspace.folder, "reference"),
        "--json",
      ],
      {
        cwd: CLONE,
        env: {},
      },
    ),
  );
  await run(["chown", "--recursive", `${user}:`, workspace.folder], { cwd: "/", env: {} });
  const asUser = (command: string) =>
    run(["su", user ?? "", "-c", command], { cwd: workspace.folder, env: { SOCLE_HOME: workspace.home } });

  const built = toRelease(
    await asUser(`'${SOCLE}' build '${workspace.definition}' --output out --json --offline`),
  );
  assert.equal(built.rootHash, reference.rootHash);
  // Owners and capabilities are read inside the namespace, where they are those of the image.
  const described = ({ artifacts }: typeof built) => artifacts.filter(({ name }) => name.endsWith(".json"));
  assert.equal(described(built).length, 2);
  assert.deepEqual(described(built), described(reference));
  assert.deepEqual(await workspace.list("home/work"), []);
  assert.deepEqual(await findLeftovers(workspace.folder), []);

  // Its trees belong to subordinate ids: only inside a namespace that maps them can the user remove them.
  const cleared = await asUser(`'${SOCLE}' cache clear`);
  assert.equal(cleared.exitCode, 0, cleared.stderr);
  assert.deepEqual(await workspace.list("home/steps/packages"), []);
  assert.deepEqual(await workspace.list("home/tools"), ["current"]);
});
