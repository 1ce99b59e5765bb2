import type { MetadataFile } from "#trust/trustedMetadata.ts";
import { UpdateError } from "#trust/updateError.ts";

import type { HttpAnswer, HttpFetcher } from "./httpFetcher.ts";
import { toShownUrl } from "./toShownUrl.ts";

/** A small file as a whole, of at most `maxBytes`; undefined where the server has none. */
export async function fetchBytes(
  fetcher: HttpFetcher,
  url: URL,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const answer = await fetcher.get(url);
  return readBody(answer, maxBytes);
}

/** A file of metadata of which the metadata above it may say how long it is. */
export async function fetchAnnounced(
  fetcher: HttpFetcher,
  url: URL,
  { sizeBytes }: Pick<MetadataFile, "sizeBytes">,
  maxBytes: number,
): Promise<Uint8Array> {
  const answer = await fetcher.get(url);
  const { declaredBytes } = answer;
  if (answer.status === 200 && sizeBytes !== undefined && (declaredBytes ?? sizeBytes) !== sizeBytes) {
    await answer.body.return(undefined);
    throw new UpdateError(
      "mix-and-match",
      `Refused "${toShownUrl(url)}": the server has ${declaredBytes} bytes of it, other metadata say ${sizeBytes}`,
    );
  }
  return requirePresent(await readBody(answer, sizeBytes ?? maxBytes), url);
}

export function requirePresent(bytes: Uint8Array | undefined, url: URL): Uint8Array {
  if (bytes !== undefined) return bytes;
  throw new UpdateError("server-error", `Cannot fetch "${toShownUrl(url)}": the server does not have it`, {
    hint: "Is it the address of a repository, the folder that holds metadata/ and targets/?",
  });
}

async function readBody(answer: HttpAnswer, maxBytes: number): Promise<Uint8Array | undefined> {
  const { status, url, declaredBytes = 0, body } = answer;
  try {
    // 403 is what storage services say of a file that is not there when listing is not allowed.
    if (status === 404 || status === 403) return undefined;
    if (status !== 200) throw toStatusError(answer);
    if (declaredBytes > maxBytes) throw toEndless(url, maxBytes);
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of body) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw toEndless(url, maxBytes);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    await body.return(undefined);
  }
}

export function toStatusError({ status, url }: HttpAnswer): UpdateError {
  return new UpdateError(
    "server-error",
    `Cannot fetch "${toShownUrl(url)}": the server answered with status ${status}`,
  );
}

export function toEndless(url: URL, maxBytes: number): UpdateError {
  return new UpdateError(
    "endless-data",
    `Refused "${toShownUrl(url)}": it goes on after ${maxBytes} bytes, the most it may have`,
  );
}
