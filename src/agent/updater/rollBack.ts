import { chooseRollback, planRollback, type RollbackPlan } from "#boot/planRollback.ts";
import { runPlan } from "#boot/runPlan.ts";
import type { ImageSource } from "#boot/updateDevices.ts";
import { UpdateOutcome } from "#protocol/gen/socle/v1/update_pb.ts";

import type { Finished, OperationReport } from "./operations.ts";
import { toStepOptions } from "./reportSteps.ts";
import { toEngineGate } from "./toGate.ts";
import type { RollbackRequest } from "./updateRequest.ts";
import type { UpdateLook } from "./updateSituation.ts";

/** Has the machine go back to the last system that was found good, or takes back what is staged. */
export async function rollBack(
  look: UpdateLook,
  request: RollbackRequest,
  report: OperationReport,
  keep: (request: RollbackRequest) => Promise<void>,
): Promise<Finished> {
  const facts = await look.readFacts();
  report.phase(facts);
  const goal = request.goal ?? chooseRollback(facts);
  if (goal === undefined) return refuse("", "there is no other system on this machine that was found good");
  await keep({ ...request, goal });
  const { version } = goal;
  const machine = await look.openMachine();
  const { disk, bootFolder, loader } = machine;
  const outcome = await runPlan<RollbackPlan>(
    { disk, bootFolder, loader, source: NO_SOURCE },
    (now) => planRollback(now, goal),
    async () => look.readFacts(),
    toStepOptions(report),
  );
  report.phase(await look.readFacts());
  switch (outcome.kind) {
    case "no-way-back":
      return refuse(version, outcome.says);
    case "up-to-date":
      return { outcome: goal.kind === "stay" ? UpdateOutcome.STAGED : UpdateOutcome.UP_TO_DATE, version };
    case "reboot-needed":
      break;
  }
  if (!request.reboot) return { outcome: UpdateOutcome.STAGED, version };
  const locks = await machine.listLocks();
  if (locks.length > 0) {
    const says = `held against a restart: ${locks.map(({ name, reason }) => `${name} (${reason})`).join(", ")}`;
    return {
      outcome: UpdateOutcome.STAGED,
      version,
      gates: [toEngineGate({ name: "lock", isOpen: false, says })],
    };
  }
  report.signal.throwIfAborted();
  report.step("reboot", `restarts the machine into ${version}`);
  await machine.reboot();
  return { outcome: UpdateOutcome.REBOOTING, version };
}

function refuse(version: string, says: string): Finished {
  const gates = [toEngineGate({ name: "way-back", isOpen: false, says })];
  return { outcome: UpdateOutcome.REFUSED, version, gates };
}

/** Nothing is fetched on the way back. */
export const NO_SOURCE: ImageSource = {
  read: () => {
    throw new TypeError("there is no source of images on the way back");
  },
};
