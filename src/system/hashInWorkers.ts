import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { parseSha256, type Sha256 } from "#release/sha256.ts";

import { hashFile } from "./files.ts";

/** SHA-256 of large files, each on a thread of its own. */
export async function hashInWorkers(paths: readonly string[]): Promise<Sha256[]> {
  return Promise.all(paths.map(hashInWorker));
}

async function hashInWorker(path: string): Promise<Sha256> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.filename, { workerData: path });
    worker.once("message", (text: string) => resolve(parseSha256(text)));
    worker.once("error", reject);
  });
}

// This file is also the worker's program.
if (!isMainThread && typeof workerData === "string") parentPort?.postMessage(await hashFile(workerData));
