import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { HostError, requireDebianFamily } from "./isolation.ts";

const folder = await mkdtemp(join(tmpdir(), "socle-host-"));
after(() => rm(folder, { recursive: true }));

const HOSTS: readonly (readonly [osRelease: string, refusedAs?: string])[] = [
  ['NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="13"\n'],
  ["ID=ubuntu\nID_LIKE=debian\n"],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"\n'],
  ['ID="raspbian"\nID_LIKE="debian"\n'],
  ['NAME=Fedora\nID=fedora\nVARIANT_ID="debian"\n', "fedora"],
  ['ID="rhel"\nID_LIKE="fedora"\n', "rhel"],
  ["ID=debianish\n", "debianish"],
  ["", "this system"],
];

for (const [index, [osRelease, refusedAs]] of HOSTS.entries()) {
  const name = osRelease.trim().replaceAll("\n", ", ");
  test(`a host with "${name}" is ${refusedAs === undefined ? "taken" : `refused as "${refusedAs}"`}`, async () => {
    const file = join(folder, String(index));
    await writeFile(file, osRelease);
    if (refusedAs === undefined) requireDebianFamily(file);
    else {
      assert.throws(
        () => requireDebianFamily(file),
        (error) =>
          error instanceof HostError &&
          error.code === "host-not-debian" &&
          error.message.includes(`"${refusedAs}"`),
      );
    }
  });
}

test("a host without an os-release is refused", () => {
  assert.throws(() => requireDebianFamily(join(folder, "none")), { code: "host-not-debian" });
});
