import type { MessageInitShape } from "@bufbuild/protobuf";

import { listAllGates, listStopping } from "#boot/policy/listAllGates.ts";
import { planUpdate } from "#boot/planUpdate.ts";
import { countMissingBytes } from "#boot/countMissingBytes.ts";
import { toSlotDevices } from "#boot/partitionDevice.ts";
import { totalBytesOf } from "#boot/slotRelease.ts";
import { findGoodRunningEntry, findSpareSlot, type UpdateFacts } from "#boot/updateFacts.ts";
import type { UpdateRelease } from "#boot/updateRelease.ts";
import type { UpdateStep } from "#boot/updateSteps.ts";
import { Slot } from "#protocol/gen/socle/v1/machine_pb.ts";
import type { PlanUpdateResponseSchema } from "#protocol/gen/socle/v1/update_pb.ts";

import type { Machine } from "../machineFacts.ts";
import { comparePackageList, compareUnitFiles } from "./compareWithMachine.ts";
import { sayStep } from "./sayStep.ts";
import { toAvailableRelease } from "./toAvailableRelease.ts";
import { toGate } from "./toGate.ts";
import { SLOTS } from "./toUpdateState.ts";
import type { UpdaterMachine } from "./updaterMachine.ts";
import type { UpdateLook, UpdateAim } from "./updateSituation.ts";

/** What an update would do. Writes nothing but what is kept of trusted metadata. */
export async function planAnswer(
  look: UpdateLook,
  machine: Machine,
  aim: UpdateAim,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof PlanUpdateResponseSchema>> {
  const { facts, found, offer, problem, gateFacts } = await look.readSituation(aim, signal);
  if (offer === undefined || found?.release === undefined)
    throw problem ?? new Error("no release, no reason");
  const { release } = offer;
  const gates = listAllGates(gateFacts);
  const plan = planUpdate(facts, release);
  const isStopped = listStopping(gates, "person", "install").length > 0;
  const steps = plan.kind === "steps" && !isStopped ? plan.steps : [];
  const isSameRoot = facts.running.rootHash === release.slot.rootHash;
  return {
    runningVersion: facts.running.version,
    release: toAvailableRelease(found.release.manifest),
    gates: gates.toSorted((a, b) => Number(a.isOpen) - Number(b.isOpen)).map(toGate),
    steps: steps.map((step) => ({ kind: step.kind, says: sayStep(step) })),
    fetchBytes: BigInt(await countFetchBytes(await look.openMachine(), facts, release, steps, signal)),
    ...toSlotFields(facts, steps),
    wayBackVersion: findGoodRunningEntry(facts) === undefined ? "" : facts.running.version,
    packages: isSameRoot ? [] : await comparePackageList(machine, found, signal),
    units: isSameRoot ? [] : await compareUnitFiles(machine, found, signal),
    needsReboot: steps.some(({ kind }) => kind === "reboot"),
  };
}

/** At most: blocks that the slot holds by chance are found while it is written. */
async function countFetchBytes(
  { disk }: UpdaterMachine,
  facts: UpdateFacts,
  release: UpdateRelease,
  steps: readonly UpdateStep[],
  signal: AbortSignal,
): Promise<number> {
  const has = (kind: UpdateStep["kind"]) => steps.some((step) => step.kind === kind);
  const ukiBytes = has("write-uki") ? release.uki.sizeBytes : 0;
  const spare = findSpareSlot(facts);
  if (spare === undefined || !has("write-slot")) return ukiBytes;
  // Only of one that was begun with this very version is there anything to be expected.
  const isBegun = !has("mark-slot");
  const slotBytes = isBegun
    ? await countMissingBytes(toSlotDevices(disk, spare), release.slot, signal)
    : totalBytesOf(release.slot);
  return ukiBytes + slotBytes;
}

function toSlotFields(facts: UpdateFacts, steps: readonly UpdateStep[]): { slot: Slot; lostVersion: string } {
  const spare = findSpareSlot(facts);
  const isWritten = steps.some(({ kind }) => kind === "write-slot");
  if (spare === undefined || !isWritten) return { slot: Slot.UNSPECIFIED, lostVersion: "" };
  const { content, name } = spare;
  return { slot: SLOTS[name], lostVersion: content.kind === "holds" ? content.version : "" };
}
