import assert from "node:assert/strict";
import { test } from "node:test";

import { comparePackages } from "./comparePackages.ts";

function packageOf(name: string, version: string, rest: object = {}) {
  return { name, version, architecture: "amd64", source: name, sourceVersion: version, ...rest };
}

const kernel = (version: string, rest: object = {}) =>
  packageOf(`linux-image-6.12.${version}+deb13-amd64`, `6.12.${version}-1`, { source: "linux", ...rest });

test("a version goes up, down, or changes without either", () => {
  const { changed } = comparePackages(
    [packageOf("a", "1.9-1"), packageOf("b", "2.0-1"), packageOf("c", "1.0")],
    [packageOf("a", "1.10-1"), packageOf("b", "2.0~rc1-1"), packageOf("c", "1.00")],
  );
  assert.deepEqual(
    changed.map(({ from, direction }) => `${from.name} ${direction}`),
    ["a upgrade", "b downgrade", "c other"],
  );
});

test("a package that carries its version in its name takes the old one's place", () => {
  const { added, removed, changed } = comparePackages([kernel("117")], [kernel("118")]);
  assert.deepEqual([added, removed], [[], []]);
  assert.deepEqual(changed, [{ from: kernel("117"), to: kernel("118"), direction: "upgrade" }]);
});

test("between several candidates, and between sources, nothing is guessed", () => {
  const two = comparePackages([kernel("117")], [kernel("118"), kernel("119")]);
  assert.deepEqual([two.added.length, two.removed.length, two.changed.length], [2, 1, 0]);
  const other = comparePackages([kernel("117")], [kernel("118", { source: "else" })]);
  assert.deepEqual([other.added.length, other.removed.length, other.changed.length], [1, 1, 0]);
});

test("a package that is now for all architectures is the same package", () => {
  const { changed } = comparePackages(
    [packageOf("a", "1.0")],
    [packageOf("a", "1.0", { architecture: "all" })],
  );
  assert.deepEqual(
    changed.map(({ to, direction }) => `${to.architecture} ${direction}`),
    ["all other"],
  );
});

test("two architectures of one package are two packages", () => {
  const [amd64, i386] = [
    packageOf("libc6", "2.41-1"),
    packageOf("libc6", "2.41-1", { architecture: "i386" }),
  ];
  const { added, changed } = comparePackages([amd64], [amd64, i386]);
  assert.deepEqual([added, changed], [[i386], []]);
});

test("a source version that one side does not know is no difference", () => {
  const { sourceVersion: _unknown, ...locked } = packageOf("a", "1.0");
  const { changed } = comparePackages([locked], [packageOf("a", "1.0")]);
  assert.deepEqual(changed, []);
});
