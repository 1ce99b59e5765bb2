import { callMachine, type MachineClients } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { fetchStatus } from "../commands/status.ts";
import { confirm } from "../confirm.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatDuration } from "../formatDuration.ts";
import { toMarks } from "../marks.ts";
import { renderResult } from "../renderResult.ts";
import type { NamedMachine, Patience } from "../update/updateMachine.ts";
import { waitForReturn, type Return } from "./waitForReturn.ts";

export type LeaveVerb = "reboot" | "poweroff" | "reset";

export interface LeaveOptions {
  readonly yes?: true;
  readonly reason?: string;
  readonly force?: true;
  readonly wait?: true;
  /** Of a reset. */
  readonly keepConfiguration?: true;
}

type LeaveContext = Pick<
  CommandContext,
  "output" | "stdout" | "stderr" | "report" | "signal" | "isTerminal" | "isQuiet"
> & { readonly patience?: Patience };

/** The machine before it goes, as far as that had to be asked. */
interface Before {
  readonly hostName: string;
  readonly bootId: string;
}

interface Verb {
  /** What cannot be done: `Cannot ${purpose} of …`. */
  readonly purpose: string;
  /** What is agreed to. */
  readonly plan: (machine: string, before: Before, options: LeaveOptions) => readonly string[];
  readonly call: (
    control: MachineClients["control"],
    request: { readonly reason: string; readonly force: boolean; readonly keepConfiguration: boolean },
    before: Before,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ) => Promise<unknown>;
  readonly asked: string;
}

const VERBS: Readonly<Record<LeaveVerb, Verb>> = {
  reboot: {
    purpose: "ask for the restart",
    plan: (machine) => [`Restart ${machine}`],
    call: (control, { reason, force }, _before, options) => control.reboot({ reason, force }, options),
    asked: "restarts",
  },
  poweroff: {
    purpose: "ask for the end",
    plan: (machine) => [`Switch ${machine} off`, "  Nothing of Socle switches it on again."],
    call: (control, { reason, force }, _before, options) => control.powerOff({ reason, force }, options),
    asked: "is being switched off",
  },
  reset: {
    purpose: "ask for the reset",
    plan: planReset,
    call: (control, request, { hostName }, options) =>
      control.reset({ ...request, confirmName: hostName }, options),
    asked: "restarts, and is made anew on the way",
  },
};

const CALL_TIMEOUT_MS = 30_000;
const STATUS_TIMEOUT_MS = 15_000;

/** `socle reboot`, `socle poweroff`, `socle reset`, of one machine. */
export async function leaveMachine(
  machine: NamedMachine,
  verb: LeaveVerb,
  options: LeaveOptions,
  context: LeaveContext,
): Promise<ExitCode> {
  const { purpose, plan, call } = VERBS[verb];
  const { wait = false, reason = "", force = false, keepConfiguration = false } = options;
  const before = wait || verb === "reset" ? await readBefore(machine, context) : { hostName: "", bootId: "" };
  const agreedTo = `${plan(machine.name, before, options).join("\n")}\n`;
  if (!(await confirm(agreedTo, options, context))) {
    context.stderr("Nothing was changed.\n");
    return EXIT_CODE.failed;
  }
  const request = { reason, force, keepConfiguration };
  await callMachine(
    machine,
    { purpose, timeoutMs: CALL_TIMEOUT_MS, signal: context.signal },
    ({ control }, callOptions) => call(control, request, before, callOptions),
  );
  if (!wait) return show(machine, verb, undefined, 0, context);
  return follow(machine, verb, before, options, context);
}

async function readBefore(machine: NamedMachine, { signal }: LeaveContext): Promise<Before> {
  const status = await fetchStatus(machine, { timeoutMs: STATUS_TIMEOUT_MS, signal });
  return { hostName: status.machine?.hostname ?? "", bootId: status.machine?.bootId ?? "" };
}

function planReset(machine: string, { hostName }: Before, { keepConfiguration }: LeaveOptions): string[] {
  const kept = keepConfiguration === true;
  return [
    `Reset ${machine}, which calls itself "${hostName}"`,
    `  goes     all of /var: data, journal, machine id${kept ? "" : ", configuration, key"}`,
    `  stays    the versions in its slots${kept ? ", configuration, key" : ""}`,
    kept
      ? "  then     it restarts with the configuration that it has"
      : "  then     it restarts; unless its image or a credential configures it, it waits for: socle config apply",
  ];
}

/** Ctrl-C ends the looking on; the machine goes on. */
async function follow(
  machine: NamedMachine,
  verb: LeaveVerb,
  { bootId }: Before,
  { keepConfiguration }: LeaveOptions,
  context: LeaveContext,
): Promise<ExitCode> {
  const { report, signal } = context;
  const startedMs = performance.now();
  const goal = verb === "poweroff" ? "off" : "back";
  const mayBeNew = verb === "reset" && keepConfiguration !== true;
  report({ kind: "step-started", step: verb, detail: `waiting for ${machine.name}` });
  try {
    const seen = await waitForReturn(machine, { bootId, goal, mayBeNew }, context);
    const tookMs = performance.now() - startedMs;
    report({ kind: "step-done", step: verb, tookMs, cached: false, detail: describe(seen) });
    return await show(machine, verb, seen, tookMs, context);
  } catch (error) {
    const tookMs = performance.now() - startedMs;
    report({ kind: "step-failed", step: verb, tookMs, message: "it was not seen again" });
    if (!signal.aborted) throw error;
    context.stderr(`${machine.name} ${VERBS[verb].asked} all the same.\n`);
    return EXIT_CODE.interrupted;
  }
}

function describe(seen: Return): string {
  switch (seen.outcome) {
    case "back":
      return `back, running ${seen.version}`;
    case "new":
      return "back as a new machine";
    case "off":
      return "it does not answer any more";
  }
}

async function show(
  { name }: NamedMachine,
  verb: LeaveVerb,
  seen: Return | undefined,
  tookMs: number,
  { output, stdout, isQuiet }: LeaveContext,
): Promise<ExitCode> {
  const isBack = seen?.outcome === "back";
  const document = {
    apiVersion: "socle/v1",
    kind: "ControlResult",
    machine: name,
    action: verb,
    /** "asked" without --wait. */
    outcome: seen?.outcome ?? "asked",
    bootId: isBack ? seen.bootId : null,
    runningVersion: isBack ? seen.version : null,
  };
  const render = () =>
    isQuiet ? "" : `${toMarks(process.env).ok} ${renderLine(name, verb, seen, tookMs)}\n`;
  stdout(await renderResult(document, output, render));
  return EXIT_CODE.ok;
}

function renderLine(name: string, verb: LeaveVerb, seen: Return | undefined, tookMs: number): string {
  switch (seen?.outcome) {
    case undefined:
      return `${name} ${VERBS[verb].asked}`;
    case "back":
      return `${name} is back, running ${seen.version}, after ${formatDuration(tookMs)}`;
    case "off":
      return `${name} does not answer any more`;
    case "new":
      return [
        `${name} is back as a new machine, which does not know you yet`,
        "  Give it a configuration; its console shows its fingerprint:",
        "  socle config apply --insecure --fingerprint …",
      ].join("\n");
  }
}
