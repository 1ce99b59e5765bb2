import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";

import { toMethodName } from "#protocol/methodRoles.ts";

import type { Caller } from "./caller.ts";
import type { Log } from "./log.ts";
import { summarizeMessage } from "./summarizeMessage.ts";

/**
 * The record of who changed something on this machine: lines of the journal with `audit: true`, numbered from 1 in each
 * life of the agent, so that a missing one shows. A call that was let through has two: one when it is asked for, before
 * anything is done, and one with its result. So a call that ends with the agent's own death is in it too.
 */
export interface Audit {
  /** A call that was not let through; or something that never became a call. */
  refused(
    what: { readonly caller: Caller | undefined; readonly reason: string } & Readonly<
      Record<string, unknown>
    >,
  ): void;
  /** @returns the number of the line, for its result */
  asked(caller: Caller, method: DescMethod, request: unknown): number;
  /** @param last the end of an answer in parts */
  ended(asked: number, caller: Caller, method: DescMethod, result: string, last?: unknown): void;
}

export function createAudit(log: Log): Audit {
  let sequence = 0;
  const write = (level: "info" | "warning", message: string, fields: Readonly<Record<string, unknown>>) => {
    sequence += 1;
    log(level, message, { audit: true, sequence, ...fields });
    return sequence;
  };
  return {
    refused: ({ caller = null, ...what }) => void write("warning", "refused", { caller, ...what }),
    asked: (caller, method, request) =>
      write("info", "asked for", {
        caller,
        call: toMethodName(method),
        request: toSummary(method.input, request),
      }),
    ended: (asked, caller, method, result, last) =>
      void write(result === "ok" ? "info" : "warning", "ended", {
        caller,
        call: toMethodName(method),
        asked,
        result,
        ...(last === undefined ? {} : { last: toSummary(method.output, last) }),
      }),
  };
}

function toSummary(schema: DescMessage, message: unknown): unknown {
  return message === undefined ? null : summarizeMessage(schema, message as MessageShape<DescMessage>); // of its method
}
