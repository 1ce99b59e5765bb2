import type { CheckUpdateResponse } from "#protocol/gen/socle/v1/update_pb.ts";

import { callMachine, type MachineAccess } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatBytes } from "../formatBytes.ts";
import { renderResult } from "../renderResult.ts";
import { toReleaseDocument } from "../update/updateStateDocument.ts";

export interface UpdateCheckOptions {
  /** Address of the folder that holds metadata/ and targets/, as the machine reaches it; the configured one when absent. */
  readonly repository?: string;
  /** The configured one when absent. */
  readonly channel?: string;
}

/** The machine fetches some small files, over a line that may be slow. */
const CHECK_TIMEOUT_MS = 120_000;

/** Has a machine ask a repository for the newest release; it checks everything itself and writes nothing. */
export async function fetchUpdateCheck(
  access: MachineAccess,
  { repository = "", channel = "" }: UpdateCheckOptions,
  { timeoutMs = CHECK_TIMEOUT_MS, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<CheckUpdateResponse> {
  const call = { purpose: "check for an update", timeoutMs, ...(signal && { signal }) };
  return callMachine(access, call, ({ update }, options) =>
    update.checkUpdate({ repositoryUrl: repository, channel }, options),
  );
}

/** `socle update check`, once it is known which machine is meant. That there is nothing newer is no failure. */
export async function updateCheck(
  access: MachineAccess,
  options: UpdateCheckOptions,
  context: Pick<CommandContext, "output" | "stdout" | "signal" | "isQuiet">,
): Promise<ExitCode> {
  const response = await fetchUpdateCheck(access, options, { signal: context.signal });
  const document = toUpdateCheckDocument(response);
  const toTable = () => (context.isQuiet ? renderBare(document) : renderUpdateCheck(document));
  context.stdout(await renderResult(document, context.output, toTable));
  return EXIT_CODE.ok;
}

/** For programs: `socle update check -o json`. */
export function toUpdateCheckDocument({
  running,
  newest,
  newer,
  repositoryUrl,
  channel,
}: CheckUpdateResponse) {
  return {
    apiVersion: "socle/v1",
    kind: "UpdateCheck",
    repository: repositoryUrl,
    channel,
    running: { id: running?.id ?? "", version: running?.version ?? "" },
    /** null when the channel has no release. */
    newest: toReleaseDocument(newest),
    /** Whether an update would lead forward. */
    newer,
  };
}

type UpdateCheckDocument = ReturnType<typeof toUpdateCheckDocument>;

/** The version to update to, or nothing. */
function renderBare({ newest, newer }: UpdateCheckDocument): string {
  return newest !== null && newer ? `${newest.version}\n` : "";
}

export function renderUpdateCheck({ channel, running, newest, newer }: UpdateCheckDocument): string {
  const runs = `${running.id} ${running.version}`;
  if (newest === null) return `${runs} runs; channel ${channel} has no release\n`;
  if (newer) {
    const words = [
      `channel ${channel}`,
      ...(newest.rootHash === null ? [] : [`root hash ${newest.rootHash.slice(0, 12)}`]),
      formatBytes(newest.sizeBytes),
    ];
    return `${newest.version} is newer than ${runs}, which runs\n  ${words.join(" · ")}\n`;
  }
  if (newest.version === running.version) return `${runs} runs, and is the newest of channel ${channel}\n`;
  return `${runs} runs; channel ${channel} has only ${newest.version}, which is older\n`;
}
