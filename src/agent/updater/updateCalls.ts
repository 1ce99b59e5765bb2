import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";

import { listAllGates } from "#boot/policy/listAllGates.ts";
import { nextAutomaticAt, planAutomatic } from "#boot/policy/planAutomatic.ts";
import { planUpdate } from "#boot/planUpdate.ts";
import { compareVersions } from "#boot/version.ts";
import {
  type UpdateService,
  UpdateTargetSchema,
  type CheckUpdateRequest,
  type CheckUpdateResponseSchema,
  type ExplainUpdateResponseSchema,
  type GetUpdateStateResponseSchema,
  type SetHoldRequest,
  type SetHoldResponseSchema,
  type UpdateEvent,
  type UpdateTarget,
} from "#protocol/gen/socle/v1/update_pb.ts";

import { parseOsRelease } from "../facts/assignments.ts";
import { readText, type Machine } from "../machineFacts.ts";
import { CALLER_HEADER } from "../passCalls.ts";
import { toImage } from "../status.ts";
import { planAnswer } from "./planAnswer.ts";
import { toAvailableRelease } from "./toAvailableRelease.ts";
import { toGate } from "./toGate.ts";
import { toUpdateConnectError } from "./toUpdateConnectError.ts";
import { toHoldField, toUpdateState } from "./toUpdateState.ts";
import type { Updater } from "./updater.ts";
import { toNoRepository, type UpdateAim } from "./updateSituation.ts";
import type { ReadRelease } from "./updateSource.ts";

export interface UpdateCallsOptions {
  readonly updater: Updater;
  readonly machine: Machine;
  readonly readRelease: ReadRelease;
  readonly clock: () => Date;
}

/** One function per call of the contract. */
export function createUpdateCalls(options: UpdateCallsOptions): ServiceImpl<typeof UpdateService> {
  const { updater, machine } = options;
  return {
    getUpdateState: () => answer(() => readState(updater)),
    checkUpdate: (request, { signal }) => answer(() => check(options, request, signal)),
    planUpdate: ({ target }, { signal }) =>
      answer(() => planAnswer(updater.look, machine, toAim(target), signal)),
    explainUpdate: ({ target }, { signal }) => answer(() => explain(updater, toAim(target), signal)),
    applyUpdate: ({ target, reboot }, context) =>
      wrap(() => updater.apply(toAim(target), reboot, toCaller(context), context.signal)),
    rollback: ({ reboot }, context) =>
      wrap(() => updater.rollBack(reboot, toCaller(context), context.signal)),
    cancelUpdate: () => ({ cancelled: updater.operations.cancel() }),
    setHold: (request) => answer(() => setHold(options, request)),
    watchUpdates: (_request, { signal }) => wrap(async () => updater.events.subscribe(signal)),
  };
}

/** Of the agent, the only one that can call: it knows who calls it. */
function toCaller({ requestHeader }: HandlerContext): string {
  return decodeURIComponent(requestHeader.get(CALLER_HEADER) ?? "");
}

function toAim(target: UpdateTarget = create(UpdateTargetSchema)): UpdateAim {
  const { repositoryUrl, channel, version, allowDowngrade, retryFailed } = target;
  return {
    ...(repositoryUrl !== "" && { repository: repositoryUrl }),
    ...(channel !== "" && { channel }),
    ...(version !== "" && { version }),
    allowDowngrade,
    retryFailed,
  };
}

async function answer<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    throw toUpdateConnectError(error);
  }
}

async function* wrap(
  begin: () => Promise<AsyncIterable<UpdateEvent>>,
): AsyncGenerator<{ event: UpdateEvent }> {
  try {
    for await (const event of await begin()) yield { event };
  } catch (error) {
    throw toUpdateConnectError(error);
  }
}

async function readState(updater: Updater): Promise<MessageInitShape<typeof GetUpdateStateResponseSchema>> {
  await updater.settled();
  const { look, operations } = updater;
  const machine = await look.openMachine();
  const [facts, bootId, quarantine, reports, policy, hold] = await Promise.all([
    look.readFacts(),
    machine.readBootId(),
    machine.records.readQuarantine(),
    machine.readHealthReports(),
    look.readPolicy(),
    machine.records.readHold(),
  ]);
  return toUpdateState({ facts, bootId, quarantine, reports, policy, hold, operation: operations.running });
}

async function check(
  { updater: { look }, machine, readRelease }: UpdateCallsOptions,
  request: CheckUpdateRequest,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof CheckUpdateResponseSchema>> {
  const source = await chooseSource(look, request);
  const image = await look.readImage();
  const osRelease = parseOsRelease((await readText(machine, "/etc/os-release")) ?? "");
  const prettyName = osRelease.get("PRETTY_NAME") ?? `${image.name} ${image.version}`;
  const running = toImage({ image, prettyName });
  const { release } = await readRelease(image, source, signal);
  const asked = { repositoryUrl: source.repository, channel: source.channel };
  if (release === undefined) return { running, newer: false, ...asked };
  const newer = compareVersions(release.manifest.version, await readRunningVersion(look, image.version)) > 0;
  return { running, newest: toAvailableRelease(release.manifest), newer, ...asked };
}

/** What is asked for, else what the machine is configured for. */
async function chooseSource(
  look: Updater["look"],
  { repositoryUrl, channel }: CheckUpdateRequest,
): Promise<{ repository: string; channel: string }> {
  if (repositoryUrl !== "" && channel !== "") return { repository: repositoryUrl, channel };
  const policy = await look.readPolicy();
  const repository = repositoryUrl || policy.repository;
  if (repository === undefined) throw toNoRepository();
  return { repository, channel: channel || policy.channel };
}

/** A kernel image can be newer than the root. A machine without slots has no other version than its image. */
async function readRunningVersion(look: Updater["look"], imageVersion: string): Promise<string> {
  try {
    return (await (await look.openMachine()).readRunning()).version;
  } catch {
    return imageVersion;
  }
}

async function explain(
  { look, operations }: Updater,
  aim: UpdateAim,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof ExplainUpdateResponseSchema>> {
  const { facts, found, offer, gateFacts } = await look.readSituation(aim, signal);
  const plan = planAutomatic(gateFacts, operations.running !== undefined);
  const next = nextAutomaticAt(plan);
  const manifest = found?.release?.manifest;
  return {
    runningVersion: facts.running.version,
    ...(manifest && { release: toAvailableRelease(manifest) }),
    gates: listAllGates(gateFacts).map(toGate),
    upToDate: offer !== undefined && planUpdate(facts, offer.release).kind === "up-to-date",
    ...(next && { nextAutomatic: timestampFromDate(next) }),
  };
}

async function setHold(
  { updater: { look }, clock }: UpdateCallsOptions,
  { held, reason, until }: SetHoldRequest,
): Promise<MessageInitShape<typeof SetHoldResponseSchema>> {
  const { records } = await look.openMachine();
  const untilField = until === undefined ? {} : { until: timestampDate(until).toISOString() };
  const hold = held ? { reason, since: clock().toISOString(), ...untilField } : undefined;
  await records.writeHold(hold);
  return toHoldField(await look.readPolicy(), hold);
}
