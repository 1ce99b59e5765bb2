/**
 * A program for tests: `node applyOnMachine.mjs CONFIGURE DOCUMENT…` puts documents in force on the very paths of a machine,
 * each on a trial of a second that nobody confirms but the first. There is no systemd: a reload is a run of CONFIGURE.
 */
import { setTimeout } from "node:timers/promises";

import { createConfigurationMachine } from "#system/configurationMachine.ts";
import { runCommand } from "#system/runCommand.ts";

import { Configurator } from "./configurator.ts";

const [, , configure = "", ...documents] = process.argv;
const machine = {
  ...createConfigurationMachine(),
  readCredential: async () => undefined,
  reloadConfiguration: async () =>
    void (await runCommand([process.execPath, "--jitless", configure, "--again"])),
  reloadUnits: async () => {},
  changeUnit: async (kind: string, unit: string) => say(`${kind} ${unit}`),
};
const CONTRACT = { units: [], mayFail: [], probes: [], freeSpace: [], soakMs: 0, timeoutMs: 0 };
const configurator = new Configurator({
  machine,
  judge: { look: async () => ({ contract: CONTRACT, faults: [] }), findFaults: async () => [] },
  clock: () => new Date(),
  log: () => {},
});
const held = { count: 0 };
const hold = () => {
  held.count += 1;
  return () => void (held.count -= 1);
};
await configurator.start(hold, new AbortController().signal);

for (const [index, document] of documents.entries()) {
  const request = { aim: { document }, who: "ada", reason: "", trialSeconds: index === 0 ? 0 : 1 };
  for await (const { state, says } of await configurator.apply(request)) say(`${state}: ${says}`);
  say(`host name ${(await machine.readText("/etc/hostname"))?.trim()}`);
  while (held.count > 0) await setTimeout(20);
  say(`host name ${(await machine.readText("/etc/hostname"))?.trim()}`);
}
say((await configurator.list()).map(({ number, state }) => `${number} ${state}`).join(", "));

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
