import assert from "node:assert/strict";
import { test } from "node:test";

import { MachineCallError } from "./callMachine.ts";
import type { OutputFormat } from "./commandContext.ts";
import { forEachMachine, type NodeView } from "./forEachMachine.ts";
import { createMemoryContext } from "./update/playedMachine.fixture.ts";
import type { NamedMachine } from "./update/updateMachine.ts";

const find = (name: string): Promise<NamedMachine> =>
  Promise.resolve({ name, host: name, port: 7443, certPem: "", keyPem: "", caPem: "" });

const view: NodeView<{ disks: readonly string[] }, string> = {
  kind: "Disks",
  ask: async ({ name }) => {
    if (name.startsWith("gone"))
      throw new MachineCallError("unreachable", `Cannot reach "${name}"`, { hint: "switch it on" });
    if (name === "odd") throw new MachineCallError("machine-failed", "It is odd");
    return { disks: name === "b" ? ["sda", "sdb"] : ["vda"] };
  },
  toRows: ({ disks }) => disks,
  columns: [{ header: "DISK", value: (disk) => disk }],
};

async function ask(names: readonly string[], output: OutputFormat = "table") {
  const { context, said } = createMemoryContext({ output });
  const exitCode = await forEachMachine(names, view, context, find);
  return { exitCode, ...said };
}

test("answers stand beside each other, in the order asked for, each row with its machine", async () => {
  const { exitCode, stdout, stderr } = await ask(["b", "a"]);
  assert.equal(stdout, "MACHINE  DISK\nb        sda\nb        sdb\na        vda\n");
  assert.deepEqual([exitCode, stderr], [0, ""]);
});

test("a machine that does not answer takes nothing from the others, and is told below", async () => {
  const { exitCode, stdout, stderr } = await ask(["gone", "a"]);
  assert.equal(stdout, "MACHINE  DISK\na        vda\n");
  assert.match(stderr, /gone: Cannot reach "gone"\n {2}Fix {3}switch it on/);
  assert.equal(exitCode, 3);
});

test("the exit code is that of the worst, and where nobody answers no table is drawn", async () => {
  assert.equal((await ask(["gone1", "gone2"])).exitCode, 3);
  assert.equal((await ask(["odd", "a"])).exitCode, 1);
  assert.equal((await ask(["gone1", "odd", "a"])).exitCode, 3);
  assert.equal((await ask(["gone1", "gone2"])).stdout, "");
});

test("for programs every machine is in one list, with its answer or its problem", async () => {
  const { exitCode, stdout, stderr } = await ask(["a", "gone"], "json");
  assert.deepEqual(JSON.parse(stdout), {
    apiVersion: "socle/v1",
    kind: "DisksList",
    machines: [
      { machine: "a", result: { disks: ["vda"] } },
      {
        machine: "gone",
        problem: { code: "unreachable", message: 'Cannot reach "gone"', hint: "switch it on", exitCode: 3 },
      },
    ],
  });
  assert.deepEqual([exitCode, stderr], [3, ""]);
});
