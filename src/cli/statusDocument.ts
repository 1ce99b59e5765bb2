import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  SecureBoot,
  VerityState,
  type GetStatusResponse,
  type Mount,
} from "#protocol/gen/socle/v1/machine_pb.ts";
import type { GetUpdateStateResponse } from "#protocol/gen/socle/v1/update_pb.ts";

import { toSlotName } from "./slotName.ts";
import { toUpdateStateDocument } from "./update/updateStateDocument.ts";

const VERITY_WORDS: Readonly<Record<number, "none" | "verified" | "corrupted">> = {
  [VerityState.NONE]: "none",
  [VerityState.VERIFIED]: "verified",
  [VerityState.CORRUPTED]: "corrupted",
};

const SECURE_BOOT_WORDS: Readonly<Record<number, "on" | "off">> = {
  [SecureBoot.ENABLED]: "on",
  [SecureBoot.DISABLED]: "off",
};

export function toVerityWord(state: VerityState | undefined): "none" | "verified" | "corrupted" | "unknown" {
  return VERITY_WORDS[state ?? VerityState.UNSPECIFIED] ?? "unknown";
}

export function toSecureBootWord(secureBoot: SecureBoot): "on" | "off" | "unavailable" {
  return SECURE_BOOT_WORDS[secureBoot] ?? "unavailable";
}

/**
 * The status for programs: `socle status -o json`. Names here do not change and numbers are numbers,
 * which the JSON of the protocol itself cannot promise (its 64-bit numbers are strings).
 */
export function toStatusDocument(status: GetStatusResponse, update?: GetUpdateStateResponse) {
  const { image, machine, root, bootTimes, bootCount, agent, executionControl } = status;
  return {
    apiVersion: "socle/v1",
    kind: "MachineStatus",
    name: machine?.hostname ?? "",
    healthy: status.problems.length === 0 && machine?.systemState === "running",
    systemState: machine?.systemState ?? "",
    problems: status.problems,
    image: {
      id: image?.id ?? "",
      version: image?.version ?? "",
      prettyName: image?.prettyName ?? "",
      level: image?.level ?? "",
      signing: image?.signing || null,
    },
    booted: {
      slot: toSlotName(root?.slot),
      partition: root?.partition
        ? { device: root.partition.device, number: root.partition.number, label: root.partition.label }
        : null,
      verity: toVerityWord(root?.verity?.state),
      rootHash: root?.verity?.rootHash || null,
      commandLineRootHash: root?.verity?.commandLineRootHash || null,
      rootHashMatches: root?.verity?.rootHashMatches ?? false,
      signed: root?.verity?.signed ?? false,
      flags: root?.verity?.flags ?? [],
    },
    trees: status.trees.map(({ path, policy, mount }) => ({
      path,
      policy,
      mount: mount ? toMountDocument(mount) : null,
    })),
    mounts: status.mounts.map(toMountDocument),
    failedUnits: status.failedUnits.map(({ name, description, reason }) => ({ name, description, reason })),
    bootTimesUs: {
      firmware: Number(bootTimes?.firmwareUs ?? 0),
      loader: Number(bootTimes?.loaderUs ?? 0),
      kernel: Number(bootTimes?.kernelUs ?? 0),
      initrd: Number(bootTimes?.initrdUs ?? 0),
      userspace: Number(bootTimes?.userspaceUs ?? 0),
      agentReady: Number(bootTimes?.agentReadyUs ?? 0),
    },
    bootCount: bootCount
      ? { triesLeft: bootCount.triesLeft, triesDone: bootCount.triesDone, blessed: bootCount.blessed }
      : null,
    secureBoot: toSecureBootWord(status.secureBoot),
    lockdown: status.lockdown || null,
    executionControl: {
      wanted: executionControl?.wanted ?? "",
      supported: executionControl?.supported ?? false,
      enforced: executionControl?.enforced ?? false,
      policies: (executionControl?.policies ?? []).map(({ name, version, active }) => ({
        name,
        version,
        active,
      })),
    },
    configuration: {
      state: status.configuration?.state ?? "",
      source: status.configuration?.source ?? "",
      generation: status.configuration?.generation ?? 0,
      problems: status.configuration?.problems ?? [],
    },
    /** null on a machine that had no debug session since it was imaged. */
    notPristine: toNotPristineDocument(status),
    machineId: machine?.machineId ?? "",
    bootId: machine?.bootId ?? "",
    kernelRelease: machine?.kernelRelease ?? "",
    uptimeUs: Number(machine?.uptimeUs ?? 0),
    agent: { version: agent?.version ?? "", nodeVersion: agent?.nodeVersion ?? "" },
    /** null when the machine has no updater, or it did not answer in time. */
    update: update ? toUpdateStateDocument(update) : null,
  };
}

export type StatusDocument = ReturnType<typeof toStatusDocument>;

function toNotPristineDocument({ notPristine }: GetStatusResponse) {
  if (notPristine === undefined) return null;
  const { since, who, reason } = notPristine;
  return { since: since === undefined ? null : timestampDate(since).toISOString(), who, reason };
}

function toMountDocument({ source, target, fstype, options, readOnly }: Mount) {
  return { source, target, fstype, options, readOnly };
}
