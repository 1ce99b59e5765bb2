import type { GateFacts } from "./gate.ts";
import type { Look } from "./look.ts";

/** Whether there is a release to look at: where it would come from, and whether that may be believed. */
export const SOURCE_GATES = {
  channel: ({ policy, asked = {}, failure, release }) => {
    const repository = asked.repository ?? policy.repository;
    const channel = asked.channel ?? policy.channel;
    if (repository === undefined)
      return {
        isOpen: false,
        says: "no repository is configured",
        hint: "set update.repository in the machine's configuration or in the definition, or name one when asking",
      };
    if (failure?.gate === "channel") return toClosed(failure);
    if (failure === undefined && release === undefined)
      return {
        isOpen: false,
        says: `the channel "${channel}" of ${repository} has no release for this system`,
        hint: "publish one, or follow another channel",
      };
    return { isOpen: true, says: `updates come from the channel "${channel}" of ${repository}` };
  },

  network: ({ policy, asked, failure }) => {
    if ((asked?.repository ?? policy.repository) === undefined) return undefined;
    if (failure?.gate !== "network") return { isOpen: true, says: "the repository answers" };
    return { hint: "the machine asks again by itself", ...toClosed(failure) };
  },

  trust: ({ policy, asked, failure }) => {
    if ((asked?.repository ?? policy.repository) === undefined || failure?.gate === "network")
      return undefined;
    if (failure?.gate === "trust") return toClosed(failure);
    return {
      isOpen: true,
      says: "everything that the repository says leads to the root that the image trusts",
    };
  },
} as const satisfies Record<string, (facts: GateFacts) => Look | undefined>;

function toClosed({ says, hint }: NonNullable<GateFacts["failure"]>): Look {
  return { isOpen: false, says, ...(hint === undefined ? {} : { hint }) };
}
