import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { hideSecrets } from "#config/hideSecrets.ts";
import type { ConfigurationOutcome } from "#config/judgeDocument.ts";
import {
  GetStatusResponseSchema,
  SecureBoot,
  Slot,
  VerityState,
  type ConfigurationStateSchema,
  type ExecutionControlSchema,
  type GetStatusResponse,
  type ImageSchema,
  type MountSchema,
  type NotPristineSchema,
  type RootSchema,
} from "#protocol/gen/socle/v1/machine_pb.ts";
import { toVisibleMounts, type Mount } from "./facts/mounts.ts";
import type { NotPristine } from "./facts/notPristine.ts";
import { toSlotName } from "./facts/partition.ts";
import { toTrees } from "./facts/treeConflicts.ts";
import type { MachineFacts } from "./machineFacts.ts";
import { findProblems, isSameHash } from "./problems.ts";

const SLOTS = { A: Slot.A, B: Slot.B };

const VERITY_STATES = {
  verified: VerityState.VERIFIED,
  corrupted: VerityState.CORRUPTED,
  unknown: VerityState.UNSPECIFIED,
};

/** What the agent knows of itself. */
export interface AgentFacts {
  readonly version: string;
  readonly nodeVersion: string;
  /** Microseconds from the kernel's start until the agent listened. */
  readonly readyUs: number;
}

/** The facts in the words of the contract, machine.proto, where each field is described. */
export function toStatus(facts: MachineFacts, agent: AgentFacts): GetStatusResponse {
  const { image, bootTimes, bootCount } = facts;
  return create(GetStatusResponseSchema, {
    image: toImage(facts),
    machine: {
      hostname: facts.hostname,
      machineId: facts.machineId,
      bootId: facts.bootId,
      kernelRelease: facts.kernelRelease,
      uptimeUs: BigInt(facts.uptimeUs),
      systemState: facts.systemState,
    },
    root: toRoot(facts),
    trees: toTrees(image.policies, facts.mounts).map(({ path, policy, mount }) => ({
      path,
      policy,
      ...(mount && { mount: toMount(mount) }),
    })),
    mounts: toVisibleMounts(facts.mounts).map(toMount),
    failedUnits: [...facts.failedUnits],
    bootTimes: {
      firmwareUs: BigInt(bootTimes.firmwareUs),
      loaderUs: BigInt(bootTimes.loaderUs),
      kernelUs: BigInt(bootTimes.kernelUs),
      initrdUs: BigInt(bootTimes.initrdUs),
      userspaceUs: BigInt(bootTimes.userspaceUs),
      agentReadyUs: BigInt(agent.readyUs),
    },
    ...(bootCount && {
      bootCount: { triesLeft: bootCount.left, triesDone: bootCount.done, blessed: bootCount.blessed },
    }),
    secureBoot: toSecureBoot(facts.secureBoot),
    problems: findProblems(facts),
    agent: { version: agent.version, nodeVersion: agent.nodeVersion },
    lockdown: facts.lockdown ?? "",
    executionControl: toExecutionControl(facts),
    ...(facts.notPristine && { notPristine: toNotPristine(facts.notPristine) }),
    ...(facts.configuration && { configuration: toConfiguration(facts.configuration) }),
  });
}

function toNotPristine({ since, who, reason }: NotPristine): MessageInitShape<typeof NotPristineSchema> {
  return { ...(since !== "" && { since: timestampFromDate(new Date(since)) }), who, reason };
}

function toConfiguration({
  state,
  source,
  generation,
  problems,
}: ConfigurationOutcome): MessageInitShape<typeof ConfigurationStateSchema> {
  return { state, source: source ?? "none", generation, problems: problems.map(hideSecrets) };
}

export function toImage({
  image,
  prettyName,
}: Pick<MachineFacts, "image" | "prettyName">): MessageInitShape<typeof ImageSchema> {
  const { id, version, level, signing } = image;
  return { id, version, prettyName, level, signing: signing ?? "" };
}

function toExecutionControl({
  image,
  executionControl: { supported, enforced, policies },
}: MachineFacts): MessageInitShape<typeof ExecutionControlSchema> {
  return { wanted: image.executionControl, supported, enforced, policies: [...policies] };
}

function toRoot(facts: MachineFacts): MessageInitShape<typeof RootSchema> {
  const { image, rootPartition, verity, commandLineRootHash } = facts;
  const slot = rootPartition && toSlotName(rootPartition, image);
  return {
    slot: slot === undefined ? Slot.UNSPECIFIED : SLOTS[slot],
    ...(rootPartition && { partition: rootPartition }),
    verity: {
      state: verity === undefined ? VerityState.NONE : VERITY_STATES[verity.state],
      rootHash: verity?.rootHash ?? "",
      commandLineRootHash: commandLineRootHash?.toLowerCase() ?? "",
      rootHashMatches: isSameHash(verity?.rootHash, commandLineRootHash),
      signed: verity?.signed ?? false,
      flags: [...(verity?.flags ?? [])],
    },
  };
}

function toMount({ source, target, fstype, options, readOnly }: Mount): MessageInitShape<typeof MountSchema> {
  return { source, target, fstype, options: [...options], readOnly };
}

function toSecureBoot(secureBoot: boolean | undefined): SecureBoot {
  if (secureBoot === undefined) return SecureBoot.UNSPECIFIED;
  return secureBoot ? SecureBoot.ENABLED : SecureBoot.DISABLED;
}
