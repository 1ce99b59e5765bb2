/**
 * The program that sees to the firmware's boot options: `node boot-options.mjs`, once a boot. Apart from the agent, so that
 * what faces the network writes no variable of the firmware. Runs under `node --jitless`.
 */
import { createLinuxMachine } from "#system/linuxMachine.ts";

import { ensureBootOptions } from "./ensureBootOptions.ts";
import { createLog } from "./log.ts";
import { readRunningPartition } from "./machineFacts.ts";

const log = createLog((line) => process.stdout.write(`${line}\n`), Date.now);

try {
  const machine = createLinuxMachine();
  const { image, rootPartition } = await readRunningPartition(machine);
  if (rootPartition !== undefined) await ensureBootOptions(machine, image, rootPartition.device, log);
} catch (error) {
  // A firmware that takes no more variables is a pity, and no reason to call the boot bad.
  log("warning", "the boot options of the firmware could not be seen to", { error });
}
