import assert from "node:assert/strict";
import { test } from "node:test";
import { createCheckInput } from "./createCheckInput.ts";
import { resolveTreePath } from "./resolveTreePath.ts";

test("a file named by its path alone is a whole one, and has its folders", () => {
  const { files } = createCheckInput({
    files: [
      { path: "/usr/bin/a", content: "abc" },
      { path: "/bin", target: "usr/bin" },
      { path: "/usr", type: "directory", mode: 0o700 },
    ],
  });
  const root = { uid: 0, gid: 0 };
  assert.deepEqual(files, [
    { path: "/bin", type: "symlink", mode: 0o777, ...root, target: "usr/bin" },
    { path: "/usr", type: "directory", mode: 0o700, ...root },
    { path: "/usr/bin", type: "directory", mode: 0o755, ...root },
    {
      path: "/usr/bin/a",
      type: "file",
      mode: 0o644,
      ...root,
      sizeBytes: 3,
      sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    },
  ]);
});

test("contents are read through symlinks, and what is no file has none", async () => {
  const { readFile } = createCheckInput({
    files: [
      { path: "/usr/lib/os-release", content: "ID=edge\n" },
      { path: "/etc/os-release", target: "../usr/lib/os-release" },
      { path: "/usr/bin/a", content: new Uint8Array([0xff]) },
      { path: "/bin", target: "usr/bin" },
    ],
  });
  assert.equal(Buffer.from((await readFile("/etc/os-release")) ?? "").toString(), "ID=edge\n");
  assert.deepEqual(await readFile("/bin/a"), new Uint8Array([0xff]));
  assert.equal(await readFile("/usr/bin"), undefined);
  assert.equal(await readFile("/usr/bin/b"), undefined);
  assert.equal(await readFile("bin/a"), undefined);
});

test("facts, packages, units and listeners are filled in around what is said", () => {
  const release = createCheckInput({
    level: "total",
    packages: [{ name: "vim", version: "9" }, { name: "bash" }],
    units: [{ name: "ssh.socket", state: "masked" }, { name: "a.service" }],
    listeners: [{ port: 80 }],
  });
  assert.equal(release.level, "total");
  assert.deepEqual(
    release.packages.map(({ name, version, sourceVersion }) => [name, version, sourceVersion]),
    [
      ["bash", "1.0-1", "1.0-1"],
      ["vim", "9", "9"],
    ],
  );
  assert.deepEqual(release.units, [
    { name: "a.service", state: "enabled" },
    { name: "ssh.socket", state: "masked" },
  ]);
  assert.deepEqual(release.listeners, [{ unit: "example.socket", protocol: "tcp", port: 80, address: "*" }]);
});

test("a path leads where the kernel would go with the tree as its root", () => {
  const entries = new Map(
    [
      ...["/usr", "/usr/bin", "/etc"].map((path) => ({ path, type: "directory" as const })),
      { path: "/usr/bin/a", type: "file" as const },
      ...Object.entries({
        "/bin": "usr/bin",
        "/usr/bin/b": "a",
        "/etc/a": "/bin/b",
        "/etc/up": "../../../usr/./bin//a",
        "/etc/loop": "pool",
        "/etc/pool": "loop",
        "/etc/gone": "nowhere",
      }).map(([path, target]) => ({ path, type: "symlink" as const, target })),
    ].map((entry) => [entry.path, entry]),
  );
  const cases: Record<string, string | undefined> = {
    "/": "/",
    "/usr/bin/a": "/usr/bin/a",
    "/bin/b": "/usr/bin/a",
    "/etc/a": "/usr/bin/a",
    "/etc/up": "/usr/bin/a",
    "/etc/../bin": "/usr/bin",
    "/etc/loop": undefined,
    "/etc/gone": undefined,
    "/etc/none": undefined,
    "usr/bin/a": undefined,
  };
  for (const [path, wanted] of Object.entries(cases))
    assert.equal(resolveTreePath(entries, path), wanted, path);
});
