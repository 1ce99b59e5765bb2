import { examineUki, type ExaminedUki } from "./examineUki.ts";
import type { BootFolder } from "./updateDevices.ts";

/**
 * A folder of a FAT file system: names lead to files, and more than one can lead to the same file
 * after a rename that was cut in half. Removing one of them frees its clusters under the other; the next
 * file that is written takes them.
 */
export interface FolderState {
  readonly names: ReadonlyMap<string, number>;
  readonly files: readonly FatFile[];
}

interface FatFile {
  readonly content: Buffer;
  readonly isFreed: boolean;
}

type FolderOperation =
  | { readonly kind: "create"; readonly name: string; readonly file: number }
  | { readonly kind: "fill"; readonly file: number; readonly content: Buffer }
  | { readonly kind: "remove"; readonly name: string }
  | {
      readonly kind: "rename";
      readonly from: string;
      readonly to: string;
      readonly by: "linux" | "firmware";
    };

export const EMPTY_FOLDER: FolderState = { names: new Map(), files: [] };

export function putFile(state: FolderState, name: string, content: Buffer): FolderState {
  const file = state.files.length;
  return [{ kind: "create", name, file } as const, { kind: "fill", file, content } as const].reduce(
    apply,
    state,
  );
}

export function readFile({ names, files }: FolderState, name: string): Buffer | undefined {
  return files[names.get(name) ?? -1]?.content;
}

/** Everything that matters of a state, as text: names, contents, and which names share a file. */
export function toFolderKey({ names, files }: FolderState): string {
  const places = new Map<number, number>();
  return [...names]
    .map(([name, number]) => {
      const place = places.get(number) ?? places.size;
      places.set(number, place);
      const file = files[number];
      return `${name}=${toContentNumber(file?.content)}${file?.isFreed ? "!" : "."}${place}`;
    })
    .join();
}

const EMPTY: Buffer = Buffer.alloc(0);
const contentNumbers = new Map<string, number>();
const knownContents = new WeakMap<Buffer, number>();
function toContentNumber(content: Buffer = EMPTY): number {
  const known = knownContents.get(content);
  if (known !== undefined) return known;
  const text = content.toString("latin1");
  const number = contentNumbers.get(text) ?? contentNumbers.size;
  contentNumbers.set(text, number);
  knownContents.set(content, number);
  return number;
}

export interface CrashFolderOptions {
  readonly capacityBytes: number;
  readonly onOperation?: () => void;
  /** A folder that says that it is on the medium, and is not. */
  readonly isLying?: boolean;
}

/**
 * Until `sync` its operations may be lost from any point on, a rename may be cut in half either way, and
 * the content of a file may be anything.
 */
export class CrashFolder implements BootFolder {
  readonly #options: CrashFolderOptions;
  #durable: FolderState;
  #pending: FolderOperation[] = [];

  constructor(state: FolderState, options: CrashFolderOptions) {
    this.#durable = state;
    this.#options = options;
  }

  get state(): FolderState {
    return this.#pending.reduce(apply, this.#durable);
  }

  async list(): Promise<{ name: string; sizeBytes: number }[]> {
    const { state } = this;
    return [...state.names.keys()].map((name) => ({ name, sizeBytes: readFile(state, name)?.length ?? 0 }));
  }

  async examine(name: string): Promise<ExaminedUki> {
    const content = readFile(this.state, name);
    if (content === undefined) throw new Error(`There is no file "${name}"`);
    return examineUki(toPieces(content));
  }

  async write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.state.names.has(name)) throw new Error(`The file "${name}" is there already`);
    const file = this.state.files.length;
    this.#add({ kind: "create", name, file });
    const pieces: Buffer[] = [];
    for await (const chunk of chunks) pieces.push(Buffer.from(chunk));
    this.#add({ kind: "fill", file, content: Buffer.concat(pieces) });
    if ((await this.freeBytes()) < 0) throw new Error("No space left on device");
  }

  async rename(from: string, to: string): Promise<void> {
    if (!this.state.names.has(from)) throw new Error(`There is no file "${from}"`);
    this.#add({ kind: "rename", from, to, by: "linux" });
  }

  /** By EDK II: it refuses a name that is there already, and the loader goes on with the old one. */
  renameByFirmware(from: string, to: string): void {
    if (!this.state.names.has(to)) this.#add({ kind: "rename", from, to, by: "firmware" });
  }

  async remove(name: string): Promise<void> {
    if (!this.state.names.has(name)) throw new Error(`There is no file "${name}"`);
    this.#add({ kind: "remove", name });
  }

  async sync(): Promise<void> {
    if (this.#options.isLying) return;
    this.#durable = this.state;
    this.#pending = [];
  }

  async freeBytes(): Promise<number> {
    const { names, files } = this.state;
    const used = new Set(names.values());
    const usedBytes = files.reduce(
      (sum, { content }, file) => sum + (used.has(file) ? content.length : 0),
      0,
    );
    return this.#options.capacityBytes - usedBytes;
  }

  /** What the medium can hold after a power cut now. */
  listCrashes(): FolderState[] {
    const states: FolderState[] = [this.#durable];
    const torn = new Set<number>();
    let before = this.#durable;
    for (const operation of this.#pending) {
      if (operation.kind === "rename") states.push(...cutRename(before, operation));
      if (operation.kind === "fill") torn.add(operation.file);
      before = apply(before, operation);
      states.push(before, ...[...torn].flatMap((file) => listTorn(before, file)));
    }
    return states;
  }

  #add(operation: FolderOperation): void {
    this.#pending.push(operation);
    this.#options.onOperation?.();
  }
}

async function* toPieces(content: Buffer): AsyncGenerator<Uint8Array> {
  yield content;
}

function apply(state: FolderState, operation: FolderOperation): FolderState {
  const names = new Map(state.names);
  switch (operation.kind) {
    case "create":
      names.set(operation.name, operation.file);
      return { names, files: [...state.files, { content: EMPTY, isFreed: false }] };
    case "fill":
      return {
        names,
        files: state.files.map((file, index) => fill(file, index === operation.file, operation.content)),
      };
    case "remove":
      names.delete(operation.name);
      return free({ ...state, names }, state.names.get(operation.name));
    case "rename": {
      const file = state.names.get(operation.from);
      if (file === undefined) return state;
      const replaced = names.get(operation.to);
      names.delete(operation.from);
      names.set(operation.to, file);
      return free({ ...state, names }, replaced);
    }
  }
}

/** Linux adds the new name to the folder, then removes the old one; EDK II the other way round, in the same place. */
function cutRename(
  state: FolderState,
  { from, to, by }: Extract<FolderOperation, { kind: "rename" }>,
): FolderState[] {
  const file = state.names.get(from);
  if (file === undefined) return [];
  const both = new Map(state.names).set(to, file);
  const neither = new Map(state.names);
  neither.delete(from);
  return (by === "linux" ? [both, neither] : [neither]).map((names) => ({ ...state, names }));
}

function listTorn(state: FolderState, torn: number): FolderState[] {
  const content = state.files[torn]?.content ?? EMPTY;
  const half = content.subarray(0, content.length / 2);
  return [EMPTY, half, Buffer.concat([half, Buffer.alloc(content.length - half.length)])].map((found) => ({
    ...state,
    files: state.files.map((file, index) => (index === torn ? { ...file, content: found } : file)),
  }));
}

function fill(file: FatFile, isTarget: boolean, content: Buffer): FatFile {
  if (isTarget) return { content, isFreed: false };
  return file.isFreed ? { ...file, content } : file;
}

function free(state: FolderState, freed: number | undefined): FolderState {
  if (![...state.names.values()].some((file) => file === freed)) return state;
  return {
    ...state,
    files: state.files.map((file, index) => (index === freed ? { ...file, isFreed: true } : file)),
  };
}
