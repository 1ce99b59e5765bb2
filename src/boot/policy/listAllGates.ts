import { GATE_NAMES, listUpdateGates } from "../updateGates.ts";
import type { UpdateGateName } from "../updateGates.ts";
import type { Gate, GateFacts, GateName, GateStops } from "./gate.ts";
import type { Look } from "./look.ts";
import { POLICY_GATES } from "./policyGates.ts";
import { SOURCE_GATES } from "./sourceGates.ts";

/**
 * Every gate between this machine and a release, in the order in which they are looked at: is there a
 * release, does it fit, and when. All of them, always; one that cannot be looked at says why.
 */
export function listAllGates(facts: GateFacts): Gate[] {
  const source = Object.entries(SOURCE_GATES).map(([name, look]) => {
    return toGate(name as GateName, look(facts), { automaticOnly: false, stops: "install" }); // the table's keys
  });
  const closed = source.find(({ isOpen }) => !isOpen);
  const why = closed === undefined ? "the disk could not be read" : `the gate ${closed.name} is closed`;
  const policy = Object.entries(POLICY_GATES).map(([name, { look, ...kind }]) => {
    return toGate(name as GateName, look(facts), kind, why); // the table's keys
  });
  return [...source, ...listEngineGates(facts, why), ...policy];
}

function listEngineGates({ facts, release }: GateFacts, why: string): Gate[] {
  const kind = { automaticOnly: false, stops: "install" } as const;
  if (facts === undefined || release === undefined)
    return GATE_NAMES.map((name) => toGate(name, undefined, kind, why));
  return listUpdateGates(facts, release.update).map(({ name, isOpen, says }) =>
    toGate(name, { isOpen, says, ...(isOpen ? {} : { hint: ENGINE_HINTS[name] }) }, kind),
  );
}

function toGate(
  name: GateName,
  look: Look | undefined,
  kind: { readonly automaticOnly: boolean; readonly stops: GateStops },
  why = "there is no repository to ask, or it was not reached",
): Gate {
  if (look === undefined)
    return { name, ...kind, isOpen: false, says: `not looked at: ${why}`, lookedAt: false };
  return { name, ...kind, ...look, lookedAt: true };
}

/** What a person can do about those that look at the release and the disk. */
const ENGINE_HINTS: Readonly<Record<UpdateGateName, string>> = {
  "system-id": "follow the repository and the channel of this machine's own system",
  slot: "nothing is written into a slot whose content is not known",
  confirmed: "wait for the health checks of this boot; if it runs without a counted boot entry, restart it",
  "other-version": "publish the other build under a higher version",
  downgrade: "socle update apply --allow-downgrade",
  floor: "nothing opens it: the floor is in the image that runs, so that known holes stay closed",
  quarantine: "publish a build that works; or try this one again: socle update apply --retry",
  "slot-size": "make the release smaller: the slots of a disk keep the size that it was installed with",
  "slot-name": "choose a shorter version",
  "boot-folder-space":
    "remove what is not needed from the EFI system partition, or make the kernel image smaller",
};

/** Those that keep a person, or the machine by itself, from a step. One that was not looked at does, too. */
export function listStopping(gates: readonly Gate[], asks: "person" | "machine", step: GateStops): Gate[] {
  return gates.filter(
    ({ isOpen, automaticOnly, stops }) =>
      !isOpen && !(asks === "person" && automaticOnly) && (step === "restart" || stops === "install"),
  );
}
