import { posix } from "node:path";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import type {
  ListedFileSchema,
  ListFilesRequest,
  ListFilesResponseSchema,
  ReadFileRequest,
  ReadFileResponseSchema,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import { parseMountInfo } from "../facts/mounts.ts";
import { readText } from "../machineFacts.ts";
import type { ObserveMachine } from "./observeMachine.ts";
import { isSecretPath } from "./secretPaths.ts";

const PART_BYTES = 256 * 1024;
const PART_FILES = 200;

/** Reads; nothing here writes. A file that grows while it is read ends where it was when the reading got there. */
export async function* readFile(
  machine: ObserveMachine,
  { path, offsetBytes, sizeBytes }: ReadFileRequest,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof ReadFileResponseSchema>> {
  const real = await findPath(machine, path);
  const entry = await machine.readEntry(real);
  if (entry?.type !== "file")
    throw new ConnectError(`"${path}" is a ${entry?.type ?? "nothing"}, wanted a file`, Code.InvalidArgument);
  const end = sizeBytes === 0n ? Number.MAX_SAFE_INTEGER : Number(offsetBytes + sizeBytes);
  for (let position = Number(offsetBytes); position < end;) {
    signal.throwIfAborted();
    // Files of the kernel say that they are empty, and are not: only reading tells where the end is.
    const content = await machine.readFilePart(real, position, Math.min(PART_BYTES, end - position));
    if (content.length === 0) return;
    position += content.length;
    yield { content: Uint8Array.from(content) };
  }
}

/** A folder's files, sorted by path; with `recursive` all below, other file systems left out. */
export async function* listFiles(
  machine: ObserveMachine,
  { path, recursive }: ListFilesRequest,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof ListFilesResponseSchema>> {
  const real = await findPath(machine, path);
  const entry = await machine.readEntry(real);
  if (entry !== undefined && entry.type !== "directory") {
    yield { files: [await toListedFile(machine, real, entry)] };
    return;
  }
  const mounts = new Set(
    parseMountInfo((await readText(machine, "/proc/1/mountinfo")) ?? "").map(({ target }) => target),
  );
  let files: MessageInitShape<typeof ListedFileSchema>[] = [];
  for await (const file of walk(machine, real, recursive ? mounts : undefined, signal)) {
    files.push(file);
    if (files.length < PART_FILES) continue;
    yield { files };
    files = [];
  }
  if (files.length > 0) yield { files };
}

/** @param mounts where to stop; undefined: no folder below is looked into */
async function* walk(
  machine: ObserveMachine,
  folder: string,
  mounts: ReadonlySet<string> | undefined,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof ListedFileSchema> & { readonly path: string }> {
  for (const name of (await machine.listFolder(folder)).toSorted()) {
    signal.throwIfAborted();
    const path = posix.join(folder, name);
    const entry = await machine.readEntry(path).catch(() => undefined); // gone, or not for us
    if (entry === undefined) continue;
    yield await toListedFile(machine, path, entry);
    const isEntered =
      entry.type === "directory" && mounts !== undefined && !mounts.has(path) && !isSecretPath(path);
    if (isEntered) yield* walk(machine, path, mounts, signal);
  }
}

async function toListedFile(
  machine: ObserveMachine,
  path: string,
  { type, mode, uid, gid, sizeBytes, target }: NonNullable<Awaited<ReturnType<ObserveMachine["readEntry"]>>>,
) {
  const modifiedMs = await machine.readModifiedMs(path);
  return {
    path,
    type,
    mode,
    uid,
    gid,
    sizeBytes: BigInt(sizeBytes),
    target: isSecretPath(path) ? "" : target,
    ...(modifiedMs === undefined ? {} : { modified: timestampFromMs(modifiedMs) }),
  };
}

async function findPath(machine: ObserveMachine, path: string): Promise<string> {
  if (!path.startsWith("/") || path.includes("\0"))
    throw new ConnectError(`"${path}" is no absolute path`, Code.InvalidArgument);
  const real = await machine.realPath(path);
  if (real === undefined) throw new ConnectError(`There is no "${path}"`, Code.NotFound);
  if (isSecretPath(real) || isSecretPath(posix.normalize(path)))
    throw new ConnectError(
      `"${path}" may hold secrets of the machine, which nobody gets`,
      Code.PermissionDenied,
    );
  return real;
}
