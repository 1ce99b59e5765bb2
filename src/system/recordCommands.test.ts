import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { noteCommand, recordCommands } from "./recordCommands.ts";

test("two works at once each record their own commands", async () => {
  const work = async (name: string) => {
    noteCommand([name, "first"]);
    await setImmediate();
    noteCommand([name, "second"]);
    return name;
  };
  const [a, b] = await Promise.all([recordCommands(() => work("a")), recordCommands(() => work("b"))]);
  assert.deepEqual(a, {
    value: "a",
    commands: [
      ["a", "first"],
      ["a", "second"],
    ],
  });
  assert.deepEqual(
    b.commands.map(([name]) => name),
    ["b", "b"],
  );
});

test("outside of a recording a command is not noted", async () => {
  noteCommand(["lost"]);
  assert.deepEqual((await recordCommands(async () => null)).commands, []);
});
