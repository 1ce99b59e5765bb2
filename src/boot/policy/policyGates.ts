import { formatSeconds } from "#definition/boundedDuration.ts";

import { findGoodRunningEntry, findRunningSlot } from "../updateFacts.ts";
import type { GateFacts, GateStops } from "./gate.ts";
import { formatMoment, type Look } from "./look.ts";
import { lookAtWindow } from "./lookAtWindow.ts";
import { spreadOffsetSeconds } from "./spreadOffset.ts";

/** Records, the repository's metadata and the evidence of a few boots, several times over. */
export const STATE_BYTES = 8 * 1024 * 1024;

interface PolicyGate {
  readonly automaticOnly: boolean;
  readonly stops: GateStops;
  /** Undefined when what it looks at is not known. */
  readonly look: (facts: GateFacts) => Look | undefined;
}

/** When a machine may change itself, one line each, in the order in which they are looked at. */
export const POLICY_GATES = {
  hold: { automaticOnly: false, stops: "install", look: lookAtHold },
  pin: { automaticOnly: false, stops: "install", look: lookAtPin },
  age: { automaticOnly: true, stops: "install", look: lookAtAge },
  policy: { automaticOnly: true, stops: "install", look: lookAtMode },
  window: { automaticOnly: true, stops: "restart", look: lookAtWindow },
  lock: { automaticOnly: false, stops: "restart", look: lookAtLocks },
  space: { automaticOnly: false, stops: "install", look: lookAtSpace },
  "way-back": { automaticOnly: false, stops: "restart", look: lookAtWayBack },
} as const satisfies Record<string, PolicyGate>;

function lookAtHold({ policy, hold, time }: GateFacts): Look {
  if (policy.hold !== undefined)
    return {
      isOpen: false,
      says: `the configuration holds updates: ${policy.hold.reason}`,
      hint: "take update.hold out of the machine's configuration",
    };
  if (hold === undefined) return { isOpen: true, says: "nobody holds updates" };
  const until = hold.until === undefined ? undefined : new Date(hold.until);
  if (until !== undefined && until <= time.used)
    return { isOpen: true, says: `a hold ended at ${formatMoment(until)}: ${hold.reason}` };
  return {
    isOpen: false,
    says: `held since ${formatMoment(new Date(hold.since))}${until ? ` until ${formatMoment(until)}` : ""}: ${hold.reason}`,
    // A clock that is known to be behind says nothing of when that will be.
    ...(until === undefined || time.behind ? {} : { opensAt: until }),
    hint: "socle update unhold",
  };
}

function lookAtPin({ policy: { pin }, release }: GateFacts): Look | undefined {
  if (pin === undefined) return { isOpen: true, says: "no version is pinned" };
  if (release === undefined) return undefined;
  const { version } = release.update;
  return {
    isOpen: version === pin,
    says: version === pin ? `${pin} is pinned` : `${version} is offered, ${pin} is pinned`,
    ...(version === pin ? {} : { hint: "change update.pin in the machine's configuration, or take it out" }),
  };
}

/** Also has what the spread says of the beginning: it counts from the moment at which all machines could. */
function lookAtAge({ policy, release, time, machineId }: GateFacts): Look | undefined {
  if (release === undefined) return undefined;
  const { update, published } = release;
  const offset = spreadOffsetSeconds(machineId, update.digest, policy.spreadSeconds);
  const ready = new Date(published.at.getTime() + (policy.minimumAgeSeconds + offset) * 1000);
  const since =
    published.by === "channel"
      ? `${update.version} was published at ${formatMoment(published.at)}`
      : `the channel does not say when ${update.version} was published, its sources are of ${formatMoment(published.at)}`;
  const rules = [
    ...(policy.minimumAgeSeconds > 0 ? [`must be ${formatSeconds(policy.minimumAgeSeconds)} old`] : []),
    ...(offset > 0 ? [`this machine waits ${formatSeconds(offset)} of its spread`] : []),
  ];
  const says = [since, ...rules].join(", ");
  if (ready <= time.used) return { isOpen: true, says };
  if (!time.behind && published.at <= time.used)
    return { isOpen: false, says, opensAt: ready, hint: "socle update apply does not wait" };
  return {
    isOpen: false,
    says: `${says}; the machine's clock says ${formatMoment(time.system)}, which cannot be`,
    hint: "set the machine's clock",
  };
}

function lookAtMode({ policy: { mode, refused } }: GateFacts): Look {
  if (refused !== undefined)
    return {
      isOpen: false,
      says: `the configuration is refused: ${refused.join("; ")}`,
      hint: "give the machine a configuration that is valid: docs/configuration.md lists every key",
    };
  switch (mode) {
    case "manual":
      return {
        isOpen: false,
        says: 'the mode is "manual": the machine changes nothing by itself',
        hint: "socle update apply; or set update.mode",
      };
    case "download":
      return {
        isOpen: false,
        stops: "restart",
        says: 'the mode is "download": the machine puts a release in place by itself and leaves the restart to somebody',
        hint: "restart the machine; or set update.mode",
      };
    case "automatic":
      return { isOpen: true, says: 'the mode is "automatic"' };
  }
}

function lookAtLocks({ locks }: GateFacts): Look {
  if (locks.length === 0) return { isOpen: true, says: "no application holds a lock" };
  return {
    isOpen: false,
    says: `held against a restart: ${locks.map(({ name, reason }) => `${name} (${reason})`).join(", ")}`,
    hint: "wait until the application has finished, or end it",
  };
}

function lookAtSpace({ freeStateBytes }: GateFacts): Look {
  const isOpen = freeStateBytes >= STATE_BYTES;
  return {
    isOpen,
    says: `an update keeps up to ${STATE_BYTES} bytes of records in /var, ${freeStateBytes} are free`,
    ...(isOpen ? {} : { hint: "remove what is not needed from /var" }),
  };
}

/** What runs is what the machine goes back to: it must have been found good, and be there to boot. */
function lookAtWayBack({ facts }: GateFacts): Look | undefined {
  if (facts === undefined) return undefined;
  const { version } = facts.running;
  const isOpen = findGoodRunningEntry(facts) !== undefined && findRunningSlot(facts) !== undefined;
  return {
    isOpen,
    says: isOpen
      ? `if a new version fails, the machine goes back to ${version}`
      : `${version} runs and was not found good, or has no boot entry: nothing would be there to go back to`,
    ...(isOpen ? {} : { hint: "wait for the health checks of this boot" }),
  };
}
