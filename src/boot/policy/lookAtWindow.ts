import type { GateFacts } from "./gate.ts";
import { formatMoment, type Look } from "./look.ts";
import { formatWindow } from "./formatWindow.ts";
import { findWindow } from "./findWindow.ts";
import { spreadOffsetSeconds } from "./spreadOffset.ts";

/** The rest of a window is left for the restart itself, also by the last of many machines. */
const SPREAD_OF_WINDOW = 0.75;

/** The spread counts anew from the beginning of each window, and never takes the whole of it. */
export function lookAtWindow({ policy, time, failure, release, machineId }: GateFacts): Look {
  const { window, spreadSeconds } = policy;
  if (window === undefined) return { isOpen: true, says: "the machine may restart at any time" };
  const name = formatWindow(window);
  // Nobody knows then what time of day it is; to guess could be to restart in the middle of the day.
  if (time.behind || failure?.isExpiry === true)
    return {
      isOpen: false,
      says: time.behind
        ? `${name}; the machine's clock says ${formatMoment(time.system)}, but it is ${formatMoment(time.used)} or later`
        : `${name}; the machine's clock says ${formatMoment(time.system)}, and by that all that the repository has is expired`,
      hint: "set the machine's clock",
    };
  const now = time.system;
  const { isOpen, opensAt, closesAt } = findWindow(window, now);
  const most = Math.min(spreadSeconds, window.minutes * 60 * SPREAD_OF_WINDOW);
  const offset = release === undefined ? 0 : spreadOffsetSeconds(machineId, release.update.digest, most);
  const begins = new Date(opensAt.getTime() + offset * 1000);
  if (isOpen && begins <= now) return { isOpen: true, says: `${name}; open until ${formatMoment(closesAt)}` };
  return {
    isOpen: false,
    says: `${name}; this machine may restart from ${formatMoment(begins)}`,
    opensAt: begins,
    hint: "socle update apply does not wait for it",
  };
}
