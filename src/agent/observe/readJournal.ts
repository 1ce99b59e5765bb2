import type { MessageInitShape } from "@bufbuild/protobuf";

import type {
  ReadJournalRequest,
  ReadJournalResponseSchema,
  ReadKernelLogRequest,
  ReadKernelLogResponseSchema,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import { parseJournalLine, parseKernelLine } from "./journalLine.ts";
import type { ObserveMachine } from "./observeMachine.ts";
import { planJournal, planKernelLog } from "./planJournal.ts";

type Run = Pick<ObserveMachine, "runLines">;

/** So many lines make one part of the answer; fewer, when no more come for the moment. */
const PART_LINES = 200;
const PART_AFTER_MS = 200;

export async function* readJournal(
  machine: Run,
  request: ReadJournalRequest,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof ReadJournalResponseSchema>> {
  const lines = machine.runLines("journalctl", planJournal(request), signal);
  for await (const part of gather(lines, parseJournalLine)) yield { lines: part };
}

export async function* readKernelLog(
  machine: Run,
  request: ReadKernelLogRequest,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof ReadKernelLogResponseSchema>> {
  const lines = machine.runLines("journalctl", planKernelLog(request), signal);
  for await (const part of gather(lines, parseKernelLine)) yield { lines: part };
}

/**
 * Lines in parts. The program is read only as fast as the parts are taken, so a slow caller makes
 * journalctl wait, and fills no memory here.
 */
async function* gather<Line>(
  lines: AsyncIterable<string>,
  parse: (text: string) => Line | undefined,
): AsyncGenerator<Line[]> {
  const iterator = lines[Symbol.asyncIterator]();
  let next = iterator.next();
  let part: Line[] = [];
  try {
    for (;;) {
      const result = part.length === 0 ? await next : await soon(next);
      if (result === "later" || part.length >= PART_LINES) {
        yield part;
        part = [];
        continue;
      }
      if (result.done === true) break;
      const line = parse(result.value);
      if (line !== undefined) part.push(line);
      next = iterator.next();
    }
    if (part.length > 0) yield part;
  } finally {
    await iterator.return?.();
  }
}

function soon<T>(promise: Promise<T>): Promise<T | "later"> {
  const { promise: late, resolve } = Promise.withResolvers<"later">();
  const timer = setTimeout(() => resolve("later"), PART_AFTER_MS);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
