import assert from "node:assert/strict";
import { test } from "node:test";

import { compareKernel, isEmptyKernelDiff } from "./compareKernel.ts";

function words(from: string, to: string) {
  const version = "6.12.1";
  const diff = compareKernel({ version, commandLine: from }, { version, commandLine: to });
  return [diff.addedArguments, diff.removedArguments, diff.reordered];
}

test("words of the command line come and go", () => {
  assert.deepEqual(words("ro quiet", "ro splash"), [["splash"], ["quiet"], false]);
  assert.deepEqual(words("ro console=tty0", "ro console=tty0 console=tty0"), [["console=tty0"], [], false]);
});

test("the root hash belongs to the root, and blanks to nobody", () => {
  assert.deepEqual(words("ro  roothash=00 quiet", "roothash=11 ro quiet"), [[], [], false]);
});

test("another order can be another console, so it is told", () => {
  assert.deepEqual(words("console=tty0 console=ttyS0", "console=ttyS0 console=tty0"), [[], [], true]);
});

test("a blank inside of quotes does not part a word", () => {
  assert.deepEqual(words('dyndbg="file a.c +p"', 'dyndbg="file b.c +p"'), [
    ['dyndbg="file b.c +p"'],
    ['dyndbg="file a.c +p"'],
    false,
  ]);
});

test("another kernel is a difference without a word", () => {
  const commandLine = "ro";
  const diff = compareKernel({ version: "6.12.1", commandLine }, { version: "6.12.2", commandLine });
  assert.deepEqual(diff.version, { from: "6.12.1", to: "6.12.2" });
  assert.equal(isEmptyKernelDiff(diff), false);
});
