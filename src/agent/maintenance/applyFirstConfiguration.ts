import { Code, createClient } from "@connectrpc/connect";

import { ConfigurationService } from "#protocol/gen/socle/v1/configuration_pb.ts";

import { CALLER_HEADER, openUpdaterTransport, toPassedError } from "../passCalls.ts";
import { toRefusal } from "../toRefusal.ts";
import type { FirstConfiguration } from "./routes.ts";

/** The whole of it, with the judgement of the machine's health that ends it. */
export const APPLY_TIMEOUT_MS = 15 * 60_000;

/** Has the privileged process put the document in force, and waits for what comes of it. */
export async function applyFirstConfiguration(
  document: string,
  { socketPath, signal }: { readonly socketPath?: string; readonly signal?: AbortSignal } = {},
): Promise<FirstConfiguration> {
  const { applyConfiguration } = createClient(ConfigurationService, openUpdaterTransport(socketPath));
  const longEnough = AbortSignal.timeout(APPLY_TIMEOUT_MS);
  const steps = applyConfiguration(
    { document, reason: "the first configuration, given in maintenance mode" },
    {
      headers: { [CALLER_HEADER]: "maintenance" },
      signal: signal === undefined ? longEnough : AbortSignal.any([longEnough, signal]),
    },
  );
  try {
    for await (const { state, says, generation, problems } of steps) {
      if (problems.length > 0) return { problems };
      if (state === "reverted") throw toReverted(says);
      if (state === "done") return { generation };
    }
  } catch (error) {
    throw toPassedError(error);
  }
  throw toReverted("it ended before it was done");
}

function toReverted(says: string) {
  return toRefusal(
    Code.Aborted,
    "configuration-reverted",
    `the configuration was taken back: ${says}`,
    "The machine waits for another one; its console shows its log.",
  );
}
