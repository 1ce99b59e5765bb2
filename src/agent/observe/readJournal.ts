import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

import type {
  JournalLineSchema,
  ReadJournalRequest,
  ReadJournalResponseSchema,
  ReadKernelLogRequest,
  ReadKernelLogResponseSchema,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import { parseJournalLine, parseKernelLine } from "./journalLine.ts";
import type { ObserveMachine } from "./observeMachine.ts";
import { isBackwards, planJournal, planKernelLog } from "./planJournal.ts";

type Run = Pick<ObserveMachine, "runLines">;

/** So much makes one part of the answer; less, when no more comes for the moment. */
const PART_LINES = 200;
const PART_CHARACTERS = 256 * 1024;
const PART_AFTER_MS = 200;

export async function* readJournal(
  machine: Run,
  request: ReadJournalRequest,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof ReadJournalResponseSchema>> {
  const lines = gather(machine, planJournal(request), parseJournalLine, signal);
  try {
    if (!isBackwards(request)) {
      for await (const part of lines) yield { lines: part };
      return;
    }
    // The newest first; they are few, because the request says how many.
    const parts: MessageInitShape<typeof JournalLineSchema>[][] = [];
    for await (const part of lines) parts.unshift(part.toReversed());
    for (const part of parts) yield { lines: part };
  } catch (error) {
    if (isNothingFound(error, request)) return;
    throw toMissingBoot(error, request);
  }
}

export async function* readKernelLog(
  machine: Run,
  request: ReadKernelLogRequest,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof ReadKernelLogResponseSchema>> {
  for await (const part of gather(machine, planKernelLog(request), parseKernelLine, signal))
    yield { lines: part };
}

/** As grep does, journalctl exits with 1, without a word, when it has found no line with the text. */
function isNothingFound(error: unknown, { contains }: ReadJournalRequest): boolean {
  const { exitStatus, complaint } = error as { readonly exitStatus?: unknown; readonly complaint?: unknown };
  return contains !== "" && exitStatus === 1 && complaint === "";
}

/** That there is no such boot, journalctl says on its own. */
function toMissingBoot(error: unknown, { boot, bootId }: ReadJournalRequest): unknown {
  const isMissing =
    (boot !== undefined || bootId !== "") &&
    error instanceof Error &&
    /\b[Bb]oot\b.*(?:not found|offset|No such)|No (?:journal )?boot/.test(error.message);
  if (!isMissing) return error;
  return new ConnectError(
    `The journal knows no boot ${bootId === "" ? boot : bootId}`,
    Code.NotFound,
    undefined,
    undefined,
    error,
  );
}

/**
 * Lines in parts. The program is read only as fast as the parts are taken, so a slow caller makes
 * journalctl wait, and fills no memory here.
 */
async function* gather<Line extends { readonly message?: string }>(
  machine: Run,
  words: readonly string[],
  parse: (text: string) => Line | undefined,
  signal: AbortSignal,
): AsyncGenerator<Line[]> {
  const ending = new AbortController();
  const lines = machine.runLines("journalctl", words, AbortSignal.any([signal, ending.signal]));
  const iterator = lines[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (let isOver = false; !isOver;) {
      const first = await next;
      if (first.done === true) return;
      const part: Line[] = [];
      let characters = 0;
      const { promise: late, resolve } = Promise.withResolvers<"later">();
      const timer = setTimeout(() => resolve("later"), PART_AFTER_MS);
      try {
        while (part.length < PART_LINES && characters < PART_CHARACTERS) {
          const result = await Promise.race([next, late]);
          if (result === "later") break;
          isOver = result.done === true;
          if (result.done === true) break;
          const line = parse(result.value);
          if (line !== undefined) part.push(line);
          characters += line?.message?.length ?? 0;
          next = iterator.next();
        }
      } finally {
        clearTimeout(timer);
      }
      if (part.length > 0) yield part;
    }
  } finally {
    // The line that is waited for may never come: only the signal ends a journalctl that has nothing to say.
    next.catch(() => {});
    ending.abort();
    await iterator.return?.();
  }
}
