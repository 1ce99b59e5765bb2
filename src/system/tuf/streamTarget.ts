import { createHash, type Hash } from "node:crypto";

import type { TrustedTarget } from "#trust/trustedChannel.ts";
import { UpdateError } from "#trust/updateError.ts";

import { requirePresent, toEndless, toStatusError } from "./fetchMetadata.ts";
import type { HttpAnswer, HttpFetcher } from "./httpFetcher.ts";
import { toShownUrl } from "./toShownUrl.ts";

/** What came before, when a download goes on where an earlier one stopped. */
export interface StreamStart {
  readonly doneBytes: number;
  /** Of those bytes. */
  readonly hash: Hash;
}

/**
 * The bytes of a target from the start on. **They are not verified until the stream has ended without
 * an error**: it fails as soon as there are too many, and at the end if they are too few or others.
 * A connection that breaks off is taken up again where it stopped.
 */
export async function* streamTarget(
  fetcher: HttpFetcher,
  url: URL,
  target: TrustedTarget,
  { doneBytes, hash }: StreamStart = { doneBytes: 0, hash: createHash("sha256") },
): AsyncGenerator<Uint8Array> {
  let position = doneBytes;
  for (let reconnects = 0; position < target.sizeBytes;) {
    const begun = position;
    try {
      for await (const chunk of streamOnce(fetcher, url, target, position)) {
        hash.update(chunk);
        position += chunk.length;
        yield chunk;
      }
    } catch (error) {
      const isWorthAnother = isTruncated(error) && position > begun && reconnects < fetcher.limits.reconnects;
      if (!isWorthAnother) throw error;
      reconnects++;
    }
  }
  const sha256 = hash.digest("hex");
  if (sha256 !== target.sha256) {
    throw new UpdateError(
      "target-tampered",
      `Refused "${target.path}": its SHA-256 is ${sha256}, ${target.sha256} is what was signed`,
    );
  }
}

/** One connection; ends when the target has all its bytes. */
async function* streamOnce(
  fetcher: HttpFetcher,
  url: URL,
  target: TrustedTarget,
  from: number,
): AsyncGenerator<Uint8Array> {
  const answer = await fetcher.get(url, from);
  try {
    // A server that does not know ranges sends everything again.
    let skipBytes = judgeAnswer(answer, target, from) === "part" ? 0 : from;
    let position = from;
    for await (const chunk of answer.body) {
      const fresh = chunk.subarray(Math.min(skipBytes, chunk.length));
      skipBytes -= chunk.length - fresh.length;
      position += fresh.length;
      if (position > target.sizeBytes) throw toEndless(url, target.sizeBytes);
      if (fresh.length > 0) yield fresh;
    }
    if (position < target.sizeBytes) throw toTruncated(url, position, target);
  } finally {
    await answer.body.return(undefined);
  }
}

export function judgeAnswer(answer: HttpAnswer, target: TrustedTarget, from: number): "part" | "whole" {
  const { status, range, declaredBytes, url } = answer;
  if (status === 404 || status === 403) requirePresent(undefined, url);
  if (status === 206) {
    if (range?.from !== from)
      throw new UpdateError(
        "server-error",
        `Cannot fetch "${toShownUrl(url)}": the server sent another part than bytes ${from} and on`,
      );
    judgeLength(url, range.wholeBytes, target);
    return "part";
  }
  // 416: there is nothing at that offset, so the server's file is shorter than the signed one.
  if (status === 416) throw toTruncated(url, undefined, target);
  if (status !== 200) throw toStatusError(answer);
  judgeLength(url, declaredBytes, target);
  return "whole";
}

/** What the server itself says of its file's length is judged before any of it is read. */
function judgeLength(url: URL, declaredBytes: number | undefined, target: TrustedTarget): void {
  if (declaredBytes === undefined || declaredBytes === target.sizeBytes) return;
  if (declaredBytes > target.sizeBytes) throw toEndless(url, target.sizeBytes);
  throw toTruncated(url, declaredBytes, target);
}

export function toTruncated(
  url: URL,
  haveBytes: number | undefined,
  { sizeBytes }: TrustedTarget,
): UpdateError {
  const have = haveBytes === undefined ? "fewer" : String(haveBytes);
  return new UpdateError(
    "download-truncated",
    `Cannot fetch "${toShownUrl(url)}": ${have} of its ${sizeBytes} bytes came`,
  );
}

export function isTruncated(error: unknown): boolean {
  return error instanceof UpdateError && error.code === "download-truncated";
}
