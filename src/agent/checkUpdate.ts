import { Code, ConnectError } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { compareVersions } from "#boot/version.ts";
import {
  ErrorDetailSchema,
  type CheckUpdateRequest,
  type CheckUpdateResponseSchema,
} from "#protocol/gen/socle/v1/machine_pb.ts";
import type { ReleaseManifest } from "#release/manifest.ts";
import type { ArtifactKind } from "#release/releaseNames.ts";
import type { UpdateClient, UpdateClientOptions } from "#system/tuf/updateClient.ts";
import { UpdateError, type UpdateErrorCode } from "#trust/updateError.ts";
import { readMachineFacts, readText, type Machine, type MachineFacts } from "./machineFacts.ts";
import { toImage } from "./status.ts";

export type UpdateCheckAnswer = MessageInitShape<typeof CheckUpdateResponseSchema>;

export interface UpdateCheckOptions {
  readonly machine: Machine;
  /** The real one is system/tuf/updateClient.ts. */
  readonly openClient: (options: UpdateClientOptions) => Promise<UpdateClient>;
  readonly clock: () => Date;
  /** Keeps what was trusted, so that nothing older is accepted later. */
  readonly stateFolder: string;
}

/** Whom the image trusts for updates; written by socle build. */
export const TRUSTED_ROOT_PATH = "/usr/share/socle/trust/root.json";

/** What an update fetches. */
const UPDATE_KINDS: readonly ArtifactKind[] = ["root", "verity", "root-signature", "uki"];

/** Asks a repository what is newest, and trusts nothing that the image's root does not lead to. Writes to no slot. */
export function createUpdateCheck({ machine, openClient, clock, stateFolder }: UpdateCheckOptions) {
  const check = async (request: CheckUpdateRequest, signal: AbortSignal): Promise<UpdateCheckAnswer> => {
    signal.throwIfAborted();
    const facts = await readMachineFacts(machine);
    const { image } = facts;
    const url = parseRepositoryUrl(request.repositoryUrl);
    const client = await openClient({
      trustedRoot: await readTrustedRoot(machine),
      stateFolder,
      metadataUrl: new URL("metadata/", url).href,
      targetsUrl: new URL("targets/", url).href,
      clock,
      // An image from before it was written down: then only the machine's clock and the repository count.
      notBefore: new Date(image.sourceDate ?? 0),
      id: image.id,
      fetch: { signal },
    });
    const repository = await client.refresh();
    const channel = await repository.readChannel(request.channel);
    const [newest] = channel.document.releases;
    if (newest === undefined) return toAnswer(facts, undefined);
    return toAnswer(facts, (await repository.readRelease(channel, newest.version)).manifest);
  };

  // One after another: each keeps what it trusted in the same folder.
  let last: Promise<unknown> = Promise.resolve();
  return async (request: CheckUpdateRequest, signal: AbortSignal): Promise<UpdateCheckAnswer> => {
    const turn = last.then(() => check(request, signal));
    last = turn.catch(() => {});
    try {
      return await turn;
    } catch (error) {
      throw error instanceof UpdateError ? toConnectError(error) : error;
    }
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

function toAnswer(facts: MachineFacts, manifest: ReleaseManifest | undefined): UpdateCheckAnswer {
  const running = toImage(facts);
  if (manifest === undefined) return { running, newer: false };
  const { id, version, rootHash, artifacts } = manifest;
  const sizeBytes = artifacts
    .filter(({ kind }) => UPDATE_KINDS.includes(kind))
    .reduce((sum, artifact) => sum + artifact.sizeBytes, 0);
  return {
    running,
    newest: { id, version, rootHash: rootHash ?? "", sizeBytes: BigInt(sizeBytes) },
    newer: compareVersions(version, facts.image.version) > 0,
  };
}

/** Not refused, but not got or not there. Everything else was refused: FailedPrecondition. */
const CONNECT_CODES: Partial<Record<UpdateErrorCode, Code>> = {
  "server-unreachable": Code.Unavailable,
  "server-error": Code.Unavailable,
  "server-too-slow": Code.Unavailable,
  "download-truncated": Code.Unavailable,
  "channel-unknown": Code.NotFound,
  "version-unknown": Code.NotFound,
};

/** Its words are about the repository, not about our insides: the caller gets them, the code and the hint. */
function toConnectError(error: UpdateError): ConnectError {
  const { code, hint = "", message } = error;
  const detail = { desc: ErrorDetailSchema, value: { code, hint } };
  return new ConnectError(
    message,
    CONNECT_CODES[code] ?? Code.FailedPrecondition,
    undefined,
    [detail],
    error,
  );
}
