import type { Gate } from "#boot/policy/gate.ts";
import { listAllGates, listStopping } from "#boot/policy/listAllGates.ts";
import { planUpdate } from "#boot/planUpdate.ts";
import { runUpdate } from "#boot/runUpdate.ts";
import type { ImageSource } from "#boot/updateDevices.ts";
import { UpdateOutcome } from "#protocol/gen/socle/v1/update_pb.ts";

import type { Finished, OperationReport } from "./operations.ts";
import { countUkiBytes, toStepOptions } from "./reportSteps.ts";
import { toEngineGate, toGate } from "./toGate.ts";
import type { ApplyRequest } from "./updateRequest.ts";
import type { UpdateLook, UpdateSituation } from "./updateSituation.ts";

/** Brings a release into the spare slot and, if that is asked for and nothing is in the way, restarts the machine. */
export async function applyRelease(
  look: UpdateLook,
  { aim, asks, reboot }: ApplyRequest,
  report: OperationReport,
): Promise<Finished> {
  report.step("resolve", "asks the repository what there is, and checks what it says");
  const situation = await look.readSituation(aim, report.signal);
  const { offer, problem, facts } = situation;
  report.phase(facts);
  if (offer === undefined) throw problem ?? new Error("there is neither a release nor a reason");
  const { release } = offer;
  const { version } = release;
  if (planUpdate(facts, release).kind === "up-to-date") return { outcome: UpdateOutcome.UP_TO_DATE, version };
  const closed = listStopping(listAllGates(situation.gateFacts), asks, "install");
  if (closed.length > 0) return { outcome: UpdateOutcome.REFUSED, version, gates: closed.map(toGate) };

  const machine = await look.openMachine();
  // What is tried again is not held against it any more; if it fails again, it is with the evidence of then.
  if (aim.retryFailed) await machine.records.removeQuarantine(release.uki.sha256);
  const source: ImageSource = countUkiBytes(offer.source, release.uki.sizeBytes, report);
  const outcome = await runUpdate(
    { disk: machine.disk, bootFolder: machine.bootFolder, loader: machine.loader, source },
    release,
    async () => look.readFacts(aim),
    toStepOptions(report),
  );
  switch (outcome.kind) {
    case "up-to-date":
      return { outcome: UpdateOutcome.UP_TO_DATE, version };
    case "refused":
      return { outcome: UpdateOutcome.REFUSED, version, gates: outcome.gates.map(toEngineGate) };
    case "reboot-needed":
      break;
  }
  report.phase(await look.readFacts(aim));
  if (!reboot) return { outcome: UpdateOutcome.STAGED, version };
  const inTheWay = await listRestartGates(look, situation, asks);
  if (inTheWay.length > 0) return { outcome: UpdateOutcome.STAGED, version, gates: inTheWay.map(toGate) };
  report.signal.throwIfAborted();
  report.step("reboot", `restarts the machine into ${version}`);
  await machine.reboot();
  return { outcome: UpdateOutcome.REBOOTING, version };
}

/** Staging takes its time: what is in the way of a restart is looked at when it is due. */
async function listRestartGates(
  look: UpdateLook,
  { gateFacts }: UpdateSituation,
  asks: ApplyRequest["asks"],
): Promise<Gate[]> {
  const machine = await look.openMachine();
  const hold = await machine.records.readHold();
  const { hold: _before, ...others } = gateFacts;
  const now = {
    ...others,
    time: await look.readTime(gateFacts.time),
    facts: await look.readFacts(gateFacts.facts?.limits),
    ...(hold && { hold }),
    locks: await machine.listLocks(),
  };
  return listStopping(listAllGates(now), asks, "restart");
}
