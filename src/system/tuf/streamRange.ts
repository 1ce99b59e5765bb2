import type { TrustedTarget } from "#trust/trustedChannel.ts";
import { UpdateError } from "#trust/updateError.ts";

import { toEndless } from "./fetchMetadata.ts";
import type { HttpFetcher } from "./httpFetcher.ts";
import { isTruncated, judgeAnswer, toTruncated } from "./streamTarget.ts";

/**
 * A part of a target: `sizeBytes` of them, no less and no more. **They are not verified**, because a digest is
 * known of the whole only: whoever asks must know by other means what they should be. A connection that
 * breaks off is taken up again where it stopped.
 */
export async function* streamRange(
  fetcher: HttpFetcher,
  url: URL,
  target: TrustedTarget,
  { offsetBytes, sizeBytes }: { readonly offsetBytes: number; readonly sizeBytes: number },
): AsyncGenerator<Uint8Array> {
  const end = offsetBytes + sizeBytes;
  if (offsetBytes < 0 || end > target.sizeBytes)
    throw new UpdateError(
      "release-inconsistent",
      `Refused "${target.path}": it has ${target.sizeBytes} bytes, ${sizeBytes} at ${offsetBytes} are wanted`,
    );
  let position = offsetBytes;
  for (let reconnects = 0; position < end;) {
    const begun = position;
    try {
      for await (const chunk of streamOnce(fetcher, url, target, { from: position, end })) {
        position += chunk.length;
        yield chunk;
      }
    } catch (error) {
      const isWorthAnother = isTruncated(error) && position > begun && reconnects < fetcher.limits.reconnects;
      if (!isWorthAnother) throw error;
      reconnects++;
    }
  }
}

/** One connection; ends when all that is wanted has come. */
async function* streamOnce(
  fetcher: HttpFetcher,
  url: URL,
  target: TrustedTarget,
  { from, end }: { readonly from: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  const isWhole = from === 0 && end === target.sizeBytes;
  const answer = await fetcher.get(url, from, isWhole ? undefined : end);
  try {
    const isPart = judgeAnswer(answer, target, from) === "part";
    // A server that does not know ranges sends everything: what is before is passed over, what is behind not waited for.
    let skipBytes = isPart ? 0 : from;
    let missingBytes = end - from;
    for await (const chunk of answer.body) {
      const fresh = chunk.subarray(Math.min(skipBytes, chunk.length));
      skipBytes -= chunk.length - fresh.length;
      if (isPart && fresh.length > missingBytes) throw toEndless(url, end - from);
      const wanted = fresh.subarray(0, missingBytes);
      missingBytes -= wanted.length;
      if (wanted.length > 0) yield wanted;
      if (missingBytes === 0 && !isPart) return;
    }
    if (missingBytes > 0) throw toTruncated(url, end - missingBytes, target);
  } finally {
    await answer.body.return(undefined);
  }
}
