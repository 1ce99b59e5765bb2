import assert from "node:assert/strict";
import { test } from "node:test";

import { readOwners } from "./packageFiles.ts";

const DIVERSIONS = `/usr/bin/view
/usr/bin/view.distrib
editor
/lib/libx.so.1
/lib/libx.so.1.usr-is-merged
libx
/bin/tool
/bin/tool.real
:
`;
const ownerOf = readOwners(
  [
    { owner: "bash", text: "/.\n/bin\n/bin/bash\n/usr/share/doc/bash\n" },
    { owner: "libc6:amd64", text: "/lib64/ld-linux-x86-64.so.2\n/usr/lib/libc.so.6\n" },
    { owner: "linux-image", text: "/usr/lib/modules/6.12/a.ko.xz\n" },
    { owner: "editor:amd64", text: "/usr/bin/view\n" },
    { owner: "viewer", text: "/usr/bin/view\n" },
    { owner: "libx", text: "/usr/lib/libx.so.1\n" },
    { owner: "tool", text: "/bin/tool\n" },
  ],
  DIVERSIONS,
);

for (const [path, owner] of [
  ["/usr/bin/bash", "bash"],
  ["/usr/lib64/ld-linux-x86-64.so.2", "libc6:amd64"],
  ["/usr/lib/modules/6.12/a.ko", "linux-image"],
  ["/usr/bin/view", "editor:amd64"],
  ["/usr/bin/view.distrib", "viewer"],
  ["/usr/lib/libx.so.1", "libx"],
  // By the administrator, whom dpkg writes as a colon: every package is diverted.
  ["/usr/bin/tool.real", "tool"],
  ["/usr/bin/tool", undefined],
  ["/etc/ld.so.cache", undefined],
] as const) {
  test(`"${path}" belongs to ${owner ?? "no package"}`, () => assert.equal(ownerOf(path), owner));
}
