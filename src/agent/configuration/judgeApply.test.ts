import assert from "node:assert/strict";
import { test } from "node:test";

import { parseDefinition } from "#definition/parseDefinition.ts";
import { HEALTH_CONTRACT_PATH } from "#health/healthContract.ts";
import { encodeHealthContract } from "#health/parseHealthContract.ts";

import { createMemoryHealthMachine } from "../health/memoryHealthMachine.ts";
import { createApplyJudge } from "./judgeApply.ts";

const { health } = parseDefinition({
  id: "edge",
  version: "1.0",
  health: { units: ["broken.service"], probes: { api: { command: ["/usr/bin/api"] } }, soak: "10s" },
});
const SERVICES = "systemctl show --property=Id,Result,NRestarts,ExecMainStartTimestampMonotonic -- ";

function createMachine() {
  const state = {
    units: { "multi-user.target": "active", "socle-agent.service": "active" },
    apiIsWell: false,
  };
  const units = state.units as Record<string, string>;
  const { machine } = createMemoryHealthMachine({
    files: { [HEALTH_CONTRACT_PATH]: encodeHealthContract(health), "/proc/meminfo": "" },
    freeBytes: { "/var": 2 ** 30 },
    answer: () => ({ exitStatus: state.apiIsWell ? 0 : 1, output: "" }),
    outputAt: (command) =>
      command.includes("list-units")
        ? JSON.stringify(Object.entries(units).map(([unit, active]) => ({ unit, active })))
        : command.startsWith(SERVICES)
          ? ""
          : undefined,
  });
  return { state, units, judge: createApplyJudge(machine), machine };
}

test("what was not well before is not the change's doing", async () => {
  const { judge, units } = createMachine();
  units["old.service"] = "failed";
  const before = await judge.look();
  assert.deepEqual(await judge.findFaults(before), []);
});

test("a machine that is still starting gets its configuration all the same", async () => {
  const { judge, units } = createMachine();
  units["multi-user.target"] = "activating";
  const before = await judge.look();
  assert.deepEqual(await judge.findFaults(before), []);
});

test("what was well before has to be well after, and soon", async () => {
  const { judge, units, state, machine } = createMachine();
  state.apiIsWell = true;
  units["broken.service"] = "active";
  const before = await judge.look();
  state.apiIsWell = false;
  units["new.service"] = "failed";
  units["broken.service"] = "failed";
  const startMs = machine.uptimeUs() / 1000;
  const faults = (await judge.findFaults(before)).map((fault) => fault.split(":")[0]);
  assert.deepEqual(
    new Set(faults),
    new Set(["failed broken.service", "failed new.service", "probe api", "unit broken.service"]),
  );
  assert.ok(machine.uptimeUs() / 1000 - startMs <= 61_000);
});
