import type { IncomingMessage } from "node:http";

import { UpdateError } from "#trust/updateError.ts";

import type { FetchLimits } from "./fetchLimits.ts";
import { toShownUrl } from "./toShownUrl.ts";

/**
 * The body of an answer, as long as it comes fast enough. Only the time spent waiting for the server
 * counts: a reader that writes to a slow disk does not make the server look slow.
 */
export async function* readAtPace(
  response: IncomingMessage,
  { windowMs, windowBytes }: FetchLimits,
  url: URL,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>; // no encoding was set: bytes
  const tooSlow = () =>
    new UpdateError(
      "server-too-slow",
      `Cannot fetch "${toShownUrl(url)}": less than ${windowBytes} bytes in ${windowMs} ms`,
    );
  let waitedMs = 0;
  let arrivedBytes = 0;
  try {
    for (;;) {
      const startedAt = performance.now();
      const timer = setTimeout(() => response.destroy(tooSlow()), windowMs - waitedMs);
      const chunk = await chunks.next().finally(() => clearTimeout(timer));
      if (chunk.done === true) return;
      waitedMs += performance.now() - startedAt;
      arrivedBytes += chunk.value.length;
      if (arrivedBytes >= windowBytes) {
        waitedMs = 0;
        arrivedBytes = 0;
      } else if (waitedMs >= windowMs) throw tooSlow();
      yield chunk.value;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof UpdateError) throw cause;
    throw new UpdateError(
      "download-truncated",
      `Cannot fetch "${toShownUrl(url)}": the connection broke off before the end`,
      {
        cause,
      },
    );
  } finally {
    response.destroy();
  }
}
