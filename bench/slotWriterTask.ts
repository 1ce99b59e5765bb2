import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { open, readFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import type { SlotRelease } from "#boot/slotRelease.ts";
import type { BlockDevice, ImageSource, SlotDevices } from "#boot/updateDevices.ts";
import { verifySlot } from "#boot/verifySlot.ts";
import { writeSlot } from "#boot/writeSlot.ts";

/**
 * One process that is measured: `node slotWriterTask.ts write|verify FOLDER [ADDRESS]`. In the folder lie `image-KIND`,
 * `slot-KIND` and `release.json`; with an address, images come from there. Prints its figures as JSON.
 */
export interface TaskFigures {
  /** Without the start of Node. */
  readonly seconds: number;
  /** The most that the process ever held resident, Node's own part included. */
  readonly residentBytes: number;
  readonly fetchedBytes: number;
}

/** As dd reads here. */
const CHUNK_BYTES = 1024 * 1024;

class FileDevice implements BlockDevice {
  readonly sizeBytes: number;
  readonly #file: FileHandle;

  constructor(file: FileHandle, sizeBytes: number) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
  }

  async read(
    offsetBytes: number,
    sizeBytes: number,
    bytes: Uint8Array = Buffer.allocUnsafeSlow(sizeBytes),
  ): Promise<Uint8Array> {
    const { bytesRead } = await this.#file.read(bytes, 0, sizeBytes, offsetBytes);
    if (bytesRead !== sizeBytes) throw new Error(`Read ${bytesRead} of ${sizeBytes} bytes at ${offsetBytes}`);
    return bytes;
  }

  async write(offsetBytes: number, bytes: Uint8Array): Promise<void> {
    const { bytesWritten } = await this.#file.write(bytes, 0, bytes.length, offsetBytes);
    if (bytesWritten !== bytes.length) throw new Error(`Wrote ${bytesWritten} of ${bytes.length} bytes`);
  }

  async flush(): Promise<void> {
    await this.#file.datasync();
  }
}

/** Leaves no garbage, so that what is measured is the writer's own. */
class FileSource implements ImageSource {
  readonly #folder: string;
  readonly #memory = Buffer.allocUnsafe(CHUNK_BYTES);

  constructor(folder: string) {
    this.#folder = folder;
  }

  async *read(kind: string, offsetBytes: number, sizeBytes: number): AsyncGenerator<Uint8Array> {
    await using file = await open(join(this.#folder, `image-${kind}`));
    for (let done = 0; done < sizeBytes;) {
      const length = Math.min(CHUNK_BYTES, sizeBytes - done);
      const { bytesRead } = await file.read(this.#memory, 0, length, offsetBytes + done);
      yield this.#memory.subarray(0, bytesRead);
      done += bytesRead;
    }
  }
}

/** Not `fetch`: without JIT there is no WebAssembly, which it needs. */
class HttpSource implements ImageSource {
  readonly #address: string;

  constructor(address: string) {
    this.#address = address;
  }

  async *read(kind: string, offsetBytes: number, sizeBytes: number): AsyncGenerator<Uint8Array> {
    const headers = { range: `bytes=${offsetBytes}-${offsetBytes + sizeBytes - 1}` };
    const request = get(`${this.#address}/image-${kind}`, { headers });
    const [response] = (await once(request, "response")) as [IncomingMessage]; // that is what it emits
    yield* response;
  }
}

async function openSlot(folder: string): Promise<SlotDevices> {
  const openDevice = async (kind: string) => {
    const file = await open(join(folder, `slot-${kind}`), "r+");
    return new FileDevice(file, (await file.stat()).size);
  };
  return {
    root: await openDevice("root"),
    verity: await openDevice("verity"),
    signature: await openDevice("root-signature"),
  };
}

const [task, folder = ".", address] = process.argv.slice(2);
const release = JSON.parse(await readFile(join(folder, "release.json"), "utf8")) as SlotRelease; // slotWriter.ts wrote it
const slot = await openSlot(folder);
let fetchedBytes = 0;
const startedAt = performance.now();
if (task === "verify") await verifySlot(slot, release);
else {
  const source = address === undefined ? new FileSource(folder) : new HttpSource(address);
  ({ fetchedBytes } = await writeSlot(slot, source, release));
}
const figures: TaskFigures = {
  seconds: (performance.now() - startedAt) / 1000,
  // Not getrusage(2): that counts the memory of the process which started this one.
  residentBytes: Number(/^VmHWM:\s+(\d+) kB$/m.exec(await readFile("/proc/self/status", "utf8"))?.[1]) * 1024,
  fetchedBytes,
};
console.log(JSON.stringify(figures));
process.exit(0); // the devices stay open to the end
