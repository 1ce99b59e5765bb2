import {
  HIDDEN_STATE,
  type ComparedListener,
  type ComparedSystem,
} from "#release/comparison/comparedSystem.ts";

import type { MachineInventory, MachineListener } from "../fetchInventory.ts";

/** Units in these states were made by the machine as it booted; no image has them. */
const MADE_AT_BOOT = new Set(["generated", "transient"]);
/** Generators enable units for this boot only; what the image says of them cannot be seen behind that. */
const HIDES_IMAGE_STATE = /-runtime$|^indirect$/;
/** What a unit file means by no address; v6 sockets take v4 too, unless they are told not to. */
const ALL_ADDRESSES = new Set(["0.0.0.0", "::"]);

export function toComparedMachine(inventory: MachineInventory): ComparedSystem {
  const { id, version, rootHash, packages, units, listeners, files, leftOut } = inventory;
  return {
    kind: "machine",
    id,
    version,
    ...(rootHash === undefined ? {} : { rootHash }),
    properties: {},
    packages,
    units: units
      .filter(({ state }) => !MADE_AT_BOOT.has(state))
      .map(({ name, state }) => ({ name, state: HIDES_IMAGE_STATE.test(state) ? HIDDEN_STATE : state })),
    listeners: { evidence: "observed", entries: listeners.map(toComparedListener) },
    files: { entries: files, hasContents: false, leftOut },
    kernel: { version: inventory.kernelVersion, commandLine: inventory.kernelCommandLine },
    unknown: {
      fixes: "tells what is installed, not its changelogs",
      artifacts: "is not a set of files",
      definition: "does not keep its definition",
      lock: "does not keep its lock",
    },
  };
}

function toComparedListener({ protocol, address, port, process, unit }: MachineListener): ComparedListener {
  return { protocol, address: ALL_ADDRESSES.has(address) ? "*" : address, port, by: unit || process };
}
