import type { GateFacts, OfferedRelease } from "#boot/policy/gate.ts";
import { toRepositoryFailure } from "#boot/policy/repositoryFailure.ts";
import { toOfferedRelease } from "#boot/policy/toOfferedRelease.ts";
import type { UpdateHold, UpdatePolicy } from "#boot/policy/updatePolicy.ts";
import { readUpdateFacts } from "#boot/readUpdateFacts.ts";
import type { UpdateFacts, UpdateLimits } from "#boot/updateFacts.ts";
import { SocleError } from "#progress/socleError.ts";
import { toUpdateOffer, type UpdateOffer } from "#system/updater/releaseSource.ts";
import { toReferenceTime, type ReferenceTime } from "#trust/referenceTime.ts";
import { UpdateError } from "#trust/updateError.ts";

import {
  IMAGE_DESCRIPTION_PATH,
  parseImageDescription,
  type ImageDescription,
} from "../facts/imageDescription.ts";
import { readText, type Machine } from "../machineFacts.ts";
import { UpdaterError } from "./updaterError.ts";
import type { UpdaterMachine } from "./updaterMachine.ts";
import type { FoundRelease, ReadRelease } from "./updateSource.ts";

/** Which release is meant, as a person or the policy asks for it. What is not said, the configuration says. */
export interface UpdateAim {
  readonly repository?: string | undefined;
  readonly channel?: string | undefined;
  readonly version?: string | undefined;
  readonly allowDowngrade: boolean;
  readonly retryFailed: boolean;
}

/** Everything that is to be known before anything is decided. What could not be learned is in `problem`. */
export interface UpdateSituation {
  readonly image: ImageDescription;
  readonly policy: UpdatePolicy;
  readonly hold: UpdateHold | undefined;
  readonly facts: UpdateFacts;
  readonly found: FoundRelease | undefined;
  readonly offer: UpdateOffer | undefined;
  /** Why there is no offer. */
  readonly problem: SocleError | undefined;
  readonly gateFacts: GateFacts;
}

export interface UpdateLookOptions {
  readonly machine: Machine;
  readonly openMachine: () => Promise<UpdaterMachine>;
  readonly readRelease: ReadRelease;
  readonly readPolicy: () => Promise<UpdatePolicy>;
  readonly clock: () => Date;
}

const PLAIN_AIM: UpdateAim = { allowDowngrade: false, retryFailed: false };

/** Looks at the machine, its configuration and its repository. Changes nothing but what is kept of trusted metadata. */
export class UpdateLook {
  readonly #options: UpdateLookOptions;

  constructor(options: UpdateLookOptions) {
    this.#options = options;
  }

  async readImage(): Promise<ImageDescription> {
    return parseImageDescription((await readText(this.#options.machine, IMAGE_DESCRIPTION_PATH)) ?? "");
  }

  async readPolicy(): Promise<UpdatePolicy> {
    return this.#options.readPolicy();
  }

  async openMachine(): Promise<UpdaterMachine> {
    return this.#options.openMachine();
  }

  async readFacts({ allowDowngrade, retryFailed }: UpdateAim = PLAIN_AIM): Promise<UpdateFacts> {
    const [machine, image, policy] = [
      await this.openMachine(),
      await this.readImage(),
      await this.readPolicy(),
    ];
    const [running, bootOnce, quarantine] = await Promise.all([
      machine.readRunning(),
      machine.loader.readBootOnce(),
      machine.records.readQuarantine(),
    ]);
    const limits: UpdateLimits = {
      ...(policy.floor !== undefined && { floor: policy.floor }),
      allowDowngrade,
      retryFailed,
      quarantined: new Set(quarantine.map(({ ukiSha256 }) => ukiSha256)),
    };
    const { id, bootTries } = image;
    return readUpdateFacts(machine, {
      id,
      running,
      ...(bootOnce !== undefined && { bootOnce }),
      bootTries,
      limits,
    });
  }

  /** `known`: what a repository has vouched for a moment ago; without one, the image's date is all that is sure. */
  async readTime(known?: ReferenceTime): Promise<ReferenceTime> {
    const { sourceDate = 0 } = await this.readImage();
    return toReferenceTime({ system: this.#options.clock(), notBefore: known?.used ?? new Date(sourceDate) });
  }

  /** Throws where the machine cannot be read; what a repository says, or does not, is an answer. */
  async readSituation(aim: UpdateAim, signal: AbortSignal): Promise<UpdateSituation> {
    const [machine, image, policy] = [
      await this.openMachine(),
      await this.readImage(),
      await this.readPolicy(),
    ];
    const [facts, hold, locks, freeStateBytes] = await Promise.all([
      this.readFacts(aim),
      machine.records.readHold(),
      machine.listLocks(),
      machine.readFreeStateBytes(),
    ]);
    const source = await this.#readSource(image, policy, aim, signal);
    const { found, offer, problem } = source;
    const failure = problem && toFailure(problem);
    return {
      ...source,
      image,
      policy,
      hold,
      facts,
      gateFacts: {
        policy,
        time: found?.repository.clock ?? (await this.readTime()),
        machineId: ((await readText(this.#options.machine, "/etc/machine-id")) ?? "").trim(),
        facts,
        ...(found && offer && { release: toOffered(found, offer) }),
        asked: {
          ...(aim.repository !== undefined && { repository: aim.repository }),
          ...(aim.channel !== undefined && { channel: aim.channel }),
        },
        ...(failure && { failure }),
        ...(hold && { hold }),
        locks,
        freeStateBytes,
      },
    };
  }

  async #readSource(
    image: ImageDescription,
    policy: UpdatePolicy,
    aim: UpdateAim,
    signal: AbortSignal,
  ): Promise<Pick<UpdateSituation, "found" | "offer" | "problem">> {
    const none = { found: undefined, offer: undefined };
    const repository = aim.repository ?? policy.repository;
    if (repository === undefined) return { ...none, problem: toNoRepository() };
    const wanted = { repository, channel: aim.channel ?? policy.channel, version: aim.version ?? policy.pin };
    let found: FoundRelease | undefined;
    try {
      found = await this.#options.readRelease(image, wanted, signal);
      if (found.release === undefined)
        return { found, offer: undefined, problem: toNoRelease(wanted.channel) };
      return { found, offer: toUpdateOffer(found.repository, found.release), problem: undefined };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SocleError) return { found, offer: undefined, problem: error };
      throw error;
    }
  }
}

/** The two that the gate `channel` finds out by itself. */
const KNOWN_TO_GATES: readonly string[] = ["no-repository", "no-release-in-channel"];

function toFailure(problem: SocleError): GateFacts["failure"] {
  if (KNOWN_TO_GATES.includes(problem.code)) return undefined;
  if (problem instanceof UpdateError) return toRepositoryFailure(problem);
  const { message, hint } = problem;
  return { gate: "channel", says: message, ...(hint !== undefined && { hint }), isExpiry: false };
}

export function toNoRepository(): UpdaterError {
  return new UpdaterError("no-repository", "Cannot look for updates: no repository is configured", {
    hint: "Name one when asking, or set update.repository in the machine's configuration.",
  });
}

function toNoRelease(channel: string): UpdaterError {
  return new UpdaterError("no-release-in-channel", `Cannot update: the channel "${channel}" has no release`, {
    hint: "Publish one, or name another channel.",
  });
}

function toOffered({ channel, release }: FoundRelease, { release: update }: UpdateOffer): OfferedRelease {
  const listed = channel.document.releases.find(({ version }) => version === update.version);
  return toOfferedRelease(update, {
    published: listed?.published,
    sourceDate: release?.manifest.sourceDate ?? "1970-01-01T00:00:00Z",
  });
}
