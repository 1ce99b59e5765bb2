import { test } from "node:test";
import { bootTestMachine, buildTestSystem } from "./harness.ts";
import { VICTIM } from "./testSystem.ts";
const level = (process.env["LEVEL"] ?? "sealed") as "sealed";
test("probe", async (t) => {
  let at = performance.now();
  const lap = (what: string) => { console.log(what, ((performance.now() - at) / 1000).toFixed(1)); at = performance.now(); };
  const system = await buildTestSystem(level);
  lap("built");
  await using m = await bootTestMachine(t, system, { extraArguments: (process.env["ARGS"] ?? "").split(" ").filter(Boolean) });
  const status = await m.waitUntilHealthy();
  lap("healthy");
  console.log(status.booted, status.trees.map((x) => [x.path, x.mount?.options.join()]));
  for (const s of (process.env["SCRIPT"] ?? "").split("\n").filter(Boolean)) {
    const r = await m.shell(s.replaceAll("VICTIM", VICTIM)).catch((e) => ({ exitStatus: -1, output: String(e) }));
    console.log(`> ${s}\n  ${r.exitStatus}: ${r.output.trim().replaceAll("\n", "\n    ")}`);
  }
  lap("script");
  console.log(m.machine.console.tail(6));
});
