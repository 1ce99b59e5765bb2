import { timestampDate } from "@bufbuild/protobuf/wkt";

import type { DebugSession } from "#protocol/gen/socle/v1/debug_pb.ts";

import { callMachine } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { toVisibleText } from "../diff/visibleText.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatBytes } from "../formatBytes.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import { renderResult } from "../renderResult.ts";
import { renderTable } from "../table.ts";
import type { NamedMachine } from "../update/updateMachine.ts";

const TIMEOUT_MS = 30_000;

/** Who had sessions, when and why, and where what they showed is recorded. */
export async function listDebugSessions(
  machine: NamedMachine,
  { stdout, output, signal }: Pick<CommandContext, "stdout" | "output" | "signal">,
): Promise<ExitCode> {
  const call = { purpose: "list the debug sessions", timeoutMs: TIMEOUT_MS, signal };
  const { sessions } = await callMachine(machine, call, ({ debug }, options) =>
    debug.listDebugSessions({}, options),
  );
  const rows = sessions.map(toDocument);
  const document = {
    apiVersion: "socle/v1",
    kind: "DebugSessionList",
    machine: machine.name,
    sessions: rows,
  };
  stdout(await renderResult(document, output, () => render(rows, new Date())));
  return EXIT_CODE.ok;
}

type Row = ReturnType<typeof toDocument>;

function toDocument({ id, who, reason, began, until, ended, recordingBytes, recording }: DebugSession) {
  const toText = (at: typeof began) => (at === undefined ? null : timestampDate(at).toISOString());
  return {
    id,
    who,
    reason,
    began: toText(began),
    until: toText(until),
    /** null while it goes on, and where the machine lost its power within it. */
    ended: toText(ended),
    recording: { path: recording, sizeBytes: Number(recordingBytes) },
  };
}

function render(rows: readonly Row[], now: Date): string {
  if (rows.length === 0) return "No debug session is recorded on this machine.\n";
  return renderTable(
    [
      {
        header: "BEGAN",
        value: ({ began }) => (began === null ? "–" : formatRelativeTime(new Date(began), now)),
      },
      { header: "WHO", value: ({ who }) => toVisibleText(who) },
      { header: "STATE", value: (row) => toState(row, now) },
      { header: "SIZE", value: ({ recording }) => formatBytes(recording.sizeBytes), align: "right" },
      { header: "RECORDING", value: ({ recording }) => toVisibleText(recording.path) },
      { header: "REASON", value: ({ reason }) => toVisibleText(reason) },
    ],
    rows,
  );
}

function toState({ ended, until }: Row, now: Date): string {
  if (ended !== null) return "ended";
  return until !== null && new Date(until) > now ? "open" : "broken off";
}
