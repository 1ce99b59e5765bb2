import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";

import { encodeResetRequest, parseResetRequest, RESET_REQUEST_PATH } from "#boot/resetRequest.ts";
import { ControlService, type ResetRequest } from "#protocol/gen/socle/v1/control_pb.ts";

import { IMAGE_DESCRIPTION_PATH, parseImageDescription } from "../facts/imageDescription.ts";
import type { Publish } from "../events/eventHub.ts";
import type { Log } from "../log.ts";
import { readText } from "../machineFacts.ts";
import { CALLER_HEADER } from "../passCalls.ts";
import type { PrivilegedCalls } from "../updater/startUpdater.ts";
import { toUpdateConnectError } from "../updater/toUpdateConnectError.ts";
import type { ControlMachine } from "./controlMachine.ts";
import { planReset } from "./planReset.ts";
import { refuseRestart, type RestartFacts, type RestartPurpose } from "./refuseRestart.ts";
import { restartUnit } from "./restartUnit.ts";

export interface ControlOptions {
  readonly machine: ControlMachine;
  /** The update that is being written. */
  readonly findOperation: () => RestartFacts["operation"];
  readonly log: Log;
  readonly publish?: Publish;
  /** Between the answer and what would cut it off. */
  readonly farewellMs?: number;
  readonly settleMs?: number;
}

const HOST_NAME_PATH = "/proc/sys/kernel/hostname";
const BOOT_ID_PATH = "/proc/sys/kernel/random/boot_id";
/** The agent cuts its calls when it is stopped, and a slow machine needs a moment to send one small answer. */
const FAREWELL_MS = 1000;
const LONGEST_REASON = 500;

/** Restart, power off, reset, restart of a unit: served by the privileged process. docs/control.md */
export function createControlCalls(options: ControlOptions): PrivilegedCalls {
  const { machine, log } = options;
  return {
    register: (router) => router.service(ControlService, toImplementation(options)),
    start: async () => dropIgnoredRequest(machine, log),
  };
}

function toImplementation(options: ControlOptions): ServiceImpl<typeof ControlService> {
  return {
    reboot: (request, context) =>
      answer(async () => {
        await checkRestart(options, "restart", request);
        leave(options, "reboot", { ...request, action: "reboot", caller: toCaller(context) });
        return {};
      }),
    powerOff: (request, context) =>
      answer(async () => {
        await checkRestart(options, "power off", request);
        leave(options, "poweroff", { ...request, action: "power-off", caller: toCaller(context) });
        return {};
      }),
    reset: (request, context) => answer(async () => reset(options, request, toCaller(context))),
    restartUnit: ({ name }, context) =>
      answer(async () => ({ active: await restart(options, name, toCaller(context)) })),
  };
}

/** Of the agent, the only one that can call: it knows who calls it. */
function toCaller({ requestHeader }: HandlerContext): string {
  return decodeURIComponent(requestHeader.get(CALLER_HEADER) ?? "");
}

async function answer<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    throw toUpdateConnectError(error);
  }
}

async function restart(
  { machine, settleMs, publish = () => {} }: ControlOptions,
  unit: string,
  who: string,
): Promise<string> {
  let isBegun = false;
  const tell = (state: string) =>
    publish({ case: "control", value: { action: "restart-unit", state, who, unit } });
  const onBegin = () => {
    isBegun = true;
    tell("asked");
  };
  try {
    const active = await restartUnit(machine, unit, {
      onBegin,
      ...(settleMs === undefined ? {} : { settleMs }),
    });
    tell("done");
    return active;
  } catch (error) {
    if (isBegun) tell("failed");
    throw error;
  }
}

async function checkRestart(
  { machine, findOperation }: ControlOptions,
  purpose: RestartPurpose,
  { force }: { readonly force: boolean },
): Promise<void> {
  const facts = { locks: await machine.listLocks(), operation: findOperation() };
  const refusal = refuseRestart(purpose, facts, { force });
  if (refusal !== undefined) throw refusal;
}

interface Leaving {
  /** What was asked for. */
  readonly action: "reboot" | "power-off" | "reset";
  readonly reason: string;
  readonly force: boolean;
  readonly caller: string;
}

/** Goes on after the answer. `onFailure`: the machine stays, so that what was prepared must not stay. */
function leave(
  { machine, log, publish = () => {}, farewellMs = FAREWELL_MS }: ControlOptions,
  how: "reboot" | "poweroff",
  { action, reason: said, force, caller }: Leaving,
  onFailure: () => Promise<void> = async () => {},
): void {
  const reason = said.slice(0, LONGEST_REASON);
  const tell = (state: string) => publish({ case: "control", value: { action, state, who: caller, reason } });
  tell("asked");
  log("warning", how === "reboot" ? "the machine restarts" : "the machine is switched off", {
    caller,
    reason,
    force,
  });
  const ask = async () => {
    try {
      await machine.leave(how, { force });
    } catch (error) {
      log("error", "the machine stays: systemd would not take it down", { error });
      tell("failed");
      await onFailure();
    }
  };
  setTimeout(
    () => void ask().catch((error: unknown) => log("error", "a request could not be taken back", { error })),
    farewellMs,
  );
}

async function reset(options: ControlOptions, request: ResetRequest, caller: string): Promise<object> {
  const { machine, log } = options;
  const [hostName = "", bootId = "", image = ""] = await Promise.all(
    [HOST_NAME_PATH, BOOT_ID_PATH, IMAGE_DESCRIPTION_PATH].map((path) => readText(machine, path)),
  );
  const { policies } = parseImageDescription(image);
  const kind = planReset({ hostName: hostName.trim(), policies }, request);
  await checkRestart(options, "reset", request);
  log("warning", "the machine is reset", { caller, kind: kind ?? "everything" });
  const { reason } = request;
  if (kind !== undefined) {
    const text = encodeResetRequest({ kind, bootId: bootId.trim(), caller });
    await machine.writeDurable(RESET_REQUEST_PATH, text);
  }
  // From here on it is decided: what an inhibitor says now must not leave a machine that is reset at some later restart.
  leave(options, "reboot", { action: "reset", reason, force: true, caller }, async () =>
    machine.removeDurable(RESET_REQUEST_PATH),
  );
  return {};
}

/**
 * A request of an earlier boot is one that an initrd did not know, of a version from before there were resets. It must not
 * wait for the next update and then take away what has come since.
 */
async function dropIgnoredRequest(machine: ControlMachine, log: Log): Promise<void> {
  const text = await readText(machine, RESET_REQUEST_PATH);
  if (text === undefined) return;
  const bootId = (await readText(machine, BOOT_ID_PATH)) ?? "";
  const request = parseResetRequest(text);
  if (request?.bootId === bootId.trim()) return;
  await machine.removeDurable(RESET_REQUEST_PATH);
  log("error", "a reset that was asked for has not happened, and is dropped", { caller: request?.caller });
}
