import assert from "node:assert/strict";
import { test } from "node:test";
import type { CheckInputParts } from "./createCheckInput.ts";
import {
  createCheckInput,
  noLicence,
  noPackage,
  noSetuidOutside,
  nothingListens,
  rootUnder,
  type Check,
  type Finding,
} from "./readyMadeChecks.ts";

const CASES: readonly [what: string, check: Check, release: CheckInputParts, findings: readonly Finding[]][] =
  [
    [
      "setuid, setgid and capabilities outside of the list",
      noSetuidOutside(["/usr/bin/su"]),
      {
        files: [
          { path: "/usr/bin/su", mode: 0o4755 },
          { path: "/usr/bin/at", mode: 0o6755, uid: 1, gid: 8 },
          { path: "/usr/bin/ping", mode: 0o755, capabilities: "0100000200200000" },
          { path: "/usr/bin/ls", mode: 0o755 },
          { path: "/usr/share/mail", type: "directory", mode: 0o2775 },
        ],
      },
      [
        { path: "/usr/bin/at", message: "runs as user 1, runs as group 8 (mode 06755)" },
        { path: "/usr/bin/ping", message: "has capabilities (mode 0755)" },
      ],
    ],
    ["a root of just the size", rootUnder("1MiB"), { rootBytes: 2 ** 20 }, []],
    [
      "a root that is larger",
      rootUnder("1GiB"),
      { rootBytes: 2 ** 30 + 2 ** 19 },
      ["the root has 1024.5 MiB, 0.5 MiB too many"],
    ],
    [
      "packages by name and by pattern",
      noPackage("gcc", /^python3/g),
      {
        packages: [
          { name: "gcc", version: "14" },
          { name: "gcc-14-base" },
          { name: "python3", version: "3.13" },
          { name: "python3-minimal", version: "3.13" },
          { name: "libpython3-stdlib" },
        ],
      },
      ["gcc 14 is installed", "python3 3.13 is installed", "python3-minimal 3.13 is installed"],
    ],
    [
      "licences, whole or within an expression",
      noLicence(/\bAGPL\b/, { except: ["granted"] }),
      {
        packages: [
          { name: "free", licences: ["MIT", "GPL-2.0-only"] },
          { name: "granted", licences: ["AGPL-3.0-only"] },
          { name: "mixed", licences: ["MIT", "AGPL-3.0-or-later OR MIT"] },
          { name: "silent" },
        ],
      },
      ["mixed has the licence AGPL-3.0-or-later OR MIT"],
    ],
    [
      "a licence by its whole name",
      noLicence("GPL-2"),
      { packages: [{ name: "a", licences: ["GPL-2+"] }] },
      [],
    ],
    [
      "listeners on other ports",
      nothingListens({ except: [7443] }),
      {
        listeners: [
          { port: 7443 },
          { port: 22, unit: "ssh.socket", address: "[::]" },
          { port: 53, protocol: "udp" },
        ],
      },
      ["ssh.socket listens on tcp port 22 of [::]", "example.socket listens on udp port 53 of *"],
    ],
  ];

for (const [what, check, release, findings] of CASES) {
  test(`${check.name}: ${what}`, async () => {
    assert.deepEqual(await check.check(createCheckInput(release)), findings);
    assert.deepEqual(await check.check(createCheckInput(release)), findings, "asked again");
  });
}

test("a limit that is no size fails where it is written", () => {
  assert.throws(() => rootUnder("400"), /^TypeError: rootUnder\("400"\): wanted a size in whole MiB/);
});

test("every ready-made check finds nothing in a release of which nothing is said", async () => {
  for (const [, check] of CASES) assert.deepEqual(await check.check(createCheckInput()), []);
});
