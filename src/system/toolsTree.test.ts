import assert from "node:assert/strict";
import { test } from "node:test";

import { namespacePrefix } from "./isolation.ts";
import { runCommand } from "./runCommand.ts";
import { TOOL_ENVIRONMENT, ToolsTree } from "./toolsTree.ts";

test("the command line names the tree, the folders that are seen, and the command, each as a word of its own", () => {
  const tree = new ToolsTree("/tools/0123", "root");
  const words = tree.toHostCommand(["mkfs.erofs", "-T0", "a b.img"], ["/made/one", "/made/two"]);
  const prefix = namespacePrefix("root");
  assert.deepEqual(words.slice(0, prefix.length), prefix);
  assert.deepEqual(words.slice(prefix.length, prefix.length + 3), ["sh", "-eu", "-c"]);
  assert.deepEqual(words.slice(prefix.length + 4), [
    "sh",
    "/tools/0123",
    "2",
    "/made/one",
    "/made/two",
    "mkfs.erofs",
    "-T0",
    "a b.img",
  ]);
});

test("the script that enters a tree is one that the shell accepts", async () => {
  const script =
    new ToolsTree("/tools", "root").toHostCommand(["true"], []).find((word) => word.includes("chroot")) ?? "";
  await runCommand(["sh", "-n"], { input: script });
  // What is mounted is mounted before the root changes, and nothing after it.
  assert.match(script, /mount --rbind \/dev[^]*mount -t proc[^]*exec chroot "\$tree" "\$@"\n$/);
});

test("commands get mount and process namespaces of their own, and end with us", () => {
  for (const isolation of ["root", "user-namespace"] as const) {
    const prefix = namespacePrefix(isolation).join(" ");
    assert.match(
      prefix,
      /^setpriv --pdeathsig KILL -- unshare .*--mount --propagation private --pid --fork --kill-child=KILL/,
    );
    assert.equal(prefix.includes("--map-auto"), isolation === "user-namespace");
    assert.match(prefix, / --$/);
  }
});

test("nothing of the caller's environment reaches a tool", () => {
  assert.deepEqual(Object.keys(TOOL_ENVIRONMENT).toSorted(), ["HOME", "LC_ALL", "PATH", "TZ"]);
});
