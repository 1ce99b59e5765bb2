import type { ReferenceTime } from "#trust/referenceTime.ts";

import type { UpdateFacts } from "../updateFacts.ts";
import type { UpdateGateName } from "../updateGates.ts";
import type { UpdateRelease } from "../updateRelease.ts";
import type { RepositoryFailure } from "./repositoryFailure.ts";
import type { UpdateHold, UpdatePolicy } from "./updatePolicy.ts";

/** What can stand between a machine and a release; all of them, those of the engine and those of the policy. */
export interface Gate {
  readonly name: GateName;
  /** Never true for one that could not be looked at. */
  readonly isOpen: boolean;
  /** A sentence for people, whether open or closed. */
  readonly says: string;
  /** When it opens by itself; absent when it is open, or when that is not known. */
  readonly opensAt?: Date;
  /** What a person can do about a closed one. */
  readonly hint?: string;
  /** False: an earlier gate keeps it from being known. */
  readonly lookedAt: boolean;
  /** It stops what the machine does by itself, not what a person asks for. */
  readonly automaticOnly: boolean;
  /** What a closed one stops: everything, or only the restart into what may be staged. */
  readonly stops: GateStops;
}

export type GateStops = "install" | "restart";

export type GateName =
  | "channel"
  | "network"
  | "trust"
  | UpdateGateName
  | "hold"
  | "pin"
  | "age"
  | "policy"
  | "window"
  | "lock"
  | "space"
  | "way-back";

/** Everything that the gates are decided from. */
export interface GateFacts {
  readonly policy: UpdatePolicy;
  /** `time.used` is what is judged by: never earlier than what is known for sure. */
  readonly time: ReferenceTime;
  readonly machineId: string;
  /** Of the disk; its limits say what was asked for. Absent when it could not be read. */
  readonly facts?: UpdateFacts;
  /** The one that is asked for, or the newest of the channel. */
  readonly release?: OfferedRelease;
  /** The repository that was asked, where it is not that of the policy. */
  readonly asked?: { readonly repository?: string; readonly channel?: string };
  /** Why there is no release. */
  readonly failure?: RepositoryFailure;
  /** Set by a call. */
  readonly hold?: UpdateHold;
  readonly locks: readonly UpdateLock[];
  /** Where the machine keeps its state. */
  readonly freeStateBytes: number;
}

/** A release of a channel, as far as it was looked at. */
export interface OfferedRelease {
  readonly update: UpdateRelease;
  /** When it came into the channel, as the channel says; or the date of its sources, which can be long before. */
  readonly published: { readonly at: Date; readonly by: "channel" | "source-date" };
}

/** An application that must not be interrupted holds one. */
export interface UpdateLock {
  readonly name: string;
  readonly reason: string;
}
