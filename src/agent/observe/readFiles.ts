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
import { isAdminsPath, isSecretPath } from "./secretPaths.ts";

const PART_BYTES = 256 * 1024;
const PART_FILES = 200;

/** Reads; nothing here writes. A file that grows while it is read ends where it was when the reading got there. */
export async function* readFile(
  machine: ObserveMachine,
  { path, offsetBytes, sizeBytes }: ReadFileRequest,
  signal: AbortSignal,
  role: string,
): AsyncGenerator<MessageInitShape<typeof ReadFileResponseSchema>> {
  if (offsetBytes + sizeBytes > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ConnectError("offset_bytes, size_bytes: no file is that large", Code.InvalidArgument);
  const real = await findPath(machine, path);
  const type = (await machine.readEntry(real))?.type;
  // Looked at before it is opened: opening a device can do something, such as starting a watchdog.
  if (type !== "file")
    throw new ConnectError(
      type === undefined ? `There is no "${path}"` : `"${path}" is a ${type}, wanted a file`,
      type === undefined ? Code.NotFound : Code.FailedPrecondition,
    );
  const file = await machine.openFile(real);
  try {
    // Somebody may have put a link in its place since it was looked at.
    if (!file.isFile || isSecretPath(file.path)) refuseSecret(path);
    if (isAdminsPath(file.path) && role !== "admin")
      throw new ConnectError(`"${path}" is for an admin alone`, Code.PermissionDenied);
    const end = sizeBytes === 0n ? Number.MAX_SAFE_INTEGER : Number(offsetBytes + sizeBytes);
    for (let position = Number(offsetBytes); position < end;) {
      signal.throwIfAborted();
      // Files of the kernel say that they are empty, and are not: only reading tells where the end is.
      const content = await file.readPart(position, Math.min(PART_BYTES, end - position));
      if (content.length === 0) return;
      position += content.length;
      yield { content: Uint8Array.from(content) };
    }
  } finally {
    await file.close();
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
  if (entry === undefined) throw new ConnectError(`There is no "${path}"`, Code.NotFound);
  if (entry.type !== "directory") {
    yield { files: [await toListedFile(machine, real, entry)] };
    return;
  }
  const mounts = new Set(
    parseMountInfo((await readText(machine, "/proc/1/mountinfo")) ?? "").map(({ target }) => target),
  );
  const names = await machine.listFolder(real);
  let files: MessageInitShape<typeof ListedFileSchema>[] = [];
  for await (const file of walk(machine, real, names, recursive ? mounts : undefined, signal)) {
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
  names: readonly string[],
  mounts: ReadonlySet<string> | undefined,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof ListedFileSchema> & { readonly path: string }> {
  for (const name of names.toSorted()) {
    signal.throwIfAborted();
    const path = posix.join(folder, name);
    const entry = await machine.readEntry(path).catch(() => undefined); // gone, or not for us
    if (entry === undefined) continue;
    yield await toListedFile(machine, path, entry);
    const isEntered =
      entry.type === "directory" && mounts !== undefined && !mounts.has(path) && !isSecretPath(path);
    // A folder that has gone, or is not for us, takes no other away.
    if (isEntered) yield* walk(machine, path, await machine.listFolder(path).catch(() => []), mounts, signal);
  }
}

async function toListedFile(
  machine: ObserveMachine,
  path: string,
  { type, mode, uid, gid, sizeBytes, target }: NonNullable<Awaited<ReturnType<ObserveMachine["readEntry"]>>>,
) {
  const modifiedMs = await machine.readModifiedMs(path).catch(() => undefined);
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
  // Before anything is looked at, so that nobody learns what is there.
  if (isSecretPath(posix.normalize(path))) refuseSecret(path);
  const real = await machine.realPath(path);
  if (real === undefined) throw new ConnectError(`There is no "${path}"`, Code.NotFound);
  if (isSecretPath(real)) refuseSecret(path);
  return real;
}

function refuseSecret(path: string): never {
  throw new ConnectError(
    `"${path}" may hold secrets of the machine, which nobody gets`,
    Code.PermissionDenied,
  );
}
