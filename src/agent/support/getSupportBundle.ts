import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";

import type { GetSupportBundleResponseSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { encodeTarEntry, TAR_END } from "./encodeTarEntry.ts";
import { redact } from "./redact.ts";

/** One file of a bundle. */
export interface SupportPart {
  readonly path: string;
  /**
   * Before it is redacted.
   * @param context of the call that wants the bundle, for what is asked of others
   */
  readonly read: (signal: AbortSignal, context: HandlerContext) => Promise<string>;
}

const MESSAGE_BYTES = 256 * 1024;
/** Of one part: what would say more is cut, at its beginning, which is the oldest. */
const MOST_PART_CHARACTERS = 4 * 1024 * 1024;
/** A part that does not come must not keep the others away. */
const PART_TIMEOUT_MS = 60_000;

/**
 * A tar file of all parts, each redacted, one after the other, so that no more than one is in memory. A part that fails
 * takes no other away: `errors.txt`, the last file, says which and why.
 */
export async function* getSupportBundle(
  parts: readonly SupportPart[],
  clock: () => number,
  context: HandlerContext,
): AsyncGenerator<MessageInitShape<typeof GetSupportBundleResponseSchema>> {
  const { signal } = context;
  const errors: string[] = [];
  for (const { path, read } of parts) {
    signal.throwIfAborted();
    const time = AbortSignal.timeout(PART_TIMEOUT_MS);
    try {
      const text = await withinTime(read(AbortSignal.any([signal, time]), context), time);
      yield* toMessages(path, text, clock());
    } catch (error) {
      signal.throwIfAborted();
      errors.push(`${path}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  if (errors.length > 0) yield* toMessages("errors.txt", errors.join(""), clock());
  yield { content: Uint8Array.from(TAR_END) };
}

/** Also of what does not mind the signal. */
async function withinTime<Answer>(answer: Promise<Answer>, time: AbortSignal): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const onLate = () => reject(new Error("it did not come in time"));
  time.addEventListener("abort", onLate, { once: true });
  try {
    return await Promise.race([answer, late]);
  } finally {
    time.removeEventListener("abort", onLate);
  }
}

function* toMessages(path: string, text: string, modifiedMs: number) {
  const content = Buffer.from(redact(text.slice(-MOST_PART_CHARACTERS)));
  const entry = encodeTarEntry({ path: `support/${path}`, content, modifiedMs });
  for (let at = 0; at < entry.length; at += MESSAGE_BYTES)
    yield { content: Uint8Array.from(entry.subarray(at, at + MESSAGE_BYTES)) };
}
