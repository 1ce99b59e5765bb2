import { Code, ConnectError } from "@connectrpc/connect";

import type { HttpFetcherOptions } from "#system/tuf/httpFetcher.ts";
import type { TrustedChannel, TrustedRelease } from "#system/tuf/readRelease.ts";
import type { TrustedRepository, UpdateClient, UpdateClientOptions } from "#system/tuf/updateClient.ts";
import { UpdateError } from "#trust/updateError.ts";

import type { ImageDescription } from "../facts/imageDescription.ts";
import { readText, type Machine } from "../machineFacts.ts";

/** Where a release is looked for. */
export interface WantedRelease {
  readonly repository: string;
  readonly channel: string;
  /** Undefined: the newest. */
  readonly version?: string | undefined;
}

/** What a repository has, as far as the image's root leads to it. */
export interface FoundRelease {
  readonly repository: TrustedRepository;
  readonly channel: TrustedChannel;
  /** Undefined when the channel has none. */
  readonly release: TrustedRelease | undefined;
}

export interface UpdateSourceOptions {
  readonly machine: Machine;
  /** The real one is system/tuf/updateClient.ts. */
  readonly openClient: (options: UpdateClientOptions) => Promise<UpdateClient>;
  readonly clock: () => Date;
  /** Keeps what was trusted, so that nothing older is accepted later. */
  readonly stateFolder: string;
  readonly fetch?: HttpFetcherOptions;
}

export type ReadRelease = (
  image: ImageDescription,
  wanted: WantedRelease,
  signal: AbortSignal,
) => Promise<FoundRelease>;

/** Whom the image trusts for updates; written by socle build. */
export const TRUSTED_ROOT_PATH = "/usr/share/socle/trust/root.json";

/** Asks a repository, and trusts nothing that the image's root does not lead to. */
export function createUpdateSource(options: UpdateSourceOptions): ReadRelease {
  const { machine, openClient, clock, stateFolder, fetch } = options;
  const read: ReadRelease = async (image, { repository: address, channel: name, version }, signal) => {
    signal.throwIfAborted();
    const url = parseRepositoryUrl(address);
    const client = await openClient({
      trustedRoot: await readTrustedRoot(machine),
      stateFolder,
      metadataUrl: new URL("metadata/", url).href,
      targetsUrl: new URL("targets/", url).href,
      clock,
      // An image from before it was written down: then only the machine's clock and the repository count.
      notBefore: new Date(image.sourceDate ?? 0),
      id: image.id,
      fetch: { ...fetch, signal },
    });
    const repository = await client.refresh();
    const channel = await repository.readChannel(name);
    const wanted = version ?? channel.document.releases[0]?.version;
    const release = wanted === undefined ? undefined : await repository.readRelease(channel, wanted);
    return { repository, channel, release };
  };
  // One after another: each keeps what it trusted in the same folder.
  let last: Promise<unknown> = Promise.resolve();
  return async (...asked) => {
    const turn = last.then(async () => read(...asked));
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** An address ends in our logs and errors, so one with a password in it is not taken. */
function parseRepositoryUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol))
    throw new ConnectError("repository_url must begin with http:// or https://", Code.InvalidArgument);
  if (url.username !== "" || url.password !== "")
    throw new ConnectError("repository_url must not hold a user or a password", Code.InvalidArgument);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

async function readTrustedRoot(machine: Machine): Promise<string> {
  const text = await readText(machine, TRUSTED_ROOT_PATH);
  if (text !== undefined) return text;
  throw new UpdateError(
    "trusted-root-malformed",
    `Cannot trust any repository: the image has no "${TRUSTED_ROOT_PATH}"`,
    { hint: "The file is written by socle build from the project's keys." },
  );
}
