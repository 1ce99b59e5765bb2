import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findMountOf, parseMountInfo, toVisibleMounts } from "./mounts.ts";

test("a line of mountinfo is read with any number of optional fields", () => {
  for (const optional of ["", "shared:1 ", "shared:1 master:2 propagate_from:3 "]) {
    assert.deepEqual(
      parseMountInfo(`36 35 98:0 /sub /mnt rw,noatime ${optional}- ext3 /dev/sda1 rw,errors=continue\n`),
      [
        {
          source: "/dev/sda1",
          target: "/mnt",
          fstype: "ext3",
          options: ["errors=continue", "noatime", "rw"],
          readOnly: false,
          deviceNumber: "98:0",
        },
      ],
    );
  }
});

test("read-only on either side wins, and rw is then not an option", () => {
  for (const [mount, file] of [
    ["ro", "rw"],
    ["rw", "ro"],
    ["ro", "ro"],
  ]) {
    const [found] = parseMountInfo(`1 1 0:1 / / ${mount},relatime - erofs none ${file}\n`);
    assert.equal(found?.readOnly, true);
    assert.deepEqual(found?.options, ["relatime", "ro"]);
  }
});

test("any path the kernel escapes is read back", () => {
  const escape = (path: string) =>
    path.replace(/[ \t\n\\#]/g, (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, "0")}`);
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(" ", "\t", "\n", "\\", "#", "a", "/", "é", "0", "-") }),
      (name) => {
        const [mount] = parseMountInfo(
          `1 1 0:1 / ${escape(`/${name}`)} rw - tmpfs ${escape(`s${name}`)} rw\n`,
        );
        assert.equal(mount?.target, `/${name}`);
        assert.equal(mount?.source, `s${name}`);
      },
    ),
  );
});

test("a line that is cut short is refused", () => {
  assert.throws(() => parseMountInfo("36 35 98:0 / /mnt rw\n"), /36 35 98:0/);
});

const mounts = parseMountInfo(`\
1 0 253:0 / / ro - erofs /dev/mapper/root ro
2 1 0:2 / /proc rw - proc proc rw
3 1 0:3 / /boot rw - autofs systemd-1 rw
4 3 254:1 / /boot rw - vfat /dev/vda1 rw
5 1 0:5 / /runner rw - tmpfs tmpfs rw
6 1 0:6 / /run/x rw - tmpfs tmpfs rw
7 1 254:6 / /var rw - ext4 /dev/vda6 rw
`);

test("of stacked mounts only the topmost shows, and the kernel's own trees do not", () => {
  assert.deepEqual(
    toVisibleMounts(mounts).map(({ target, fstype }) => `${target} ${fstype}`),
    ["/ erofs", "/boot vfat", "/runner tmpfs", "/var ext4"],
  );
});

test("the mount of a tree is its own or that of the nearest folder above", () => {
  const cases: Record<string, string> = {
    "/usr": "/",
    "/var": "/var",
    "/var/lib": "/var",
    "/variant": "/",
    "/": "/",
  };
  for (const [path, target] of Object.entries(cases))
    assert.equal(findMountOf(mounts, path)?.target, target, path);
  assert.equal(findMountOf(mounts, "/boot")?.fstype, "vfat");
});
