import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { parseSha256, type Sha256 } from "#release/sha256.ts";

/** SHA-256 of a large file, on a thread of its own. */
export async function hashInWorker(path: string): Promise<Sha256> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.filename, { workerData: path });
    worker.once("message", (text: string) => resolve(parseSha256(text)));
    worker.once("error", reject);
  });
}

/** Reading synchronously is half as fast again as a stream, and a thread of its own may block. */
function hashSync(path: string): string {
  const file = openSync(path, "r");
  try {
    const hash = createHash("sha256");
    const chunk = Buffer.allocUnsafe(1 << 20);
    for (;;) {
      const count = readSync(file, chunk, 0, chunk.length, null);
      if (count === 0) return hash.digest("hex");
      hash.update(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
}

// This file is also the worker's program.
if (!isMainThread && typeof workerData === "string") parentPort?.postMessage(hashSync(workerData));
