import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pipeline } from "node:stream";
import { parseArgs, promisify } from "node:util";

import type { SlotRelease } from "#boot/slotRelease.ts";
import { VERITY_BLOCK_BYTES } from "#boot/veritySuperblock.ts";
import { VerityTreeHash } from "#boot/verityTree.ts";
import { MIB } from "#definition/size.ts";
import { bundleProgram } from "#image/bundleProgram.ts";
import { parseSha256 } from "#release/sha256.ts";

import { holdLock } from "./holdLock.ts";
import type { TaskFigures } from "./slotWriterTask.ts";
import { medianOf, renderMegabytes } from "./statistics.ts";

const USAGE = `node bench/slotWriter.ts [--mebibytes N[,N…]] [--rounds N] [--folder FOLDER] [--lock FILE]

  Writes a root image of random bytes into a slot that an older image fills, with writeSlot and with dd, in turns into the
  same files; both have ended when the bytes are on the disk. Prints medians, as Markdown.

  --mebibytes  sizes of the image (default 256,1024)
  --rounds     how often each is measured (default 3)
  --folder     where the files go, twice the size of the largest image (default: the folder for temporary files)
  --lock       a file that is held with flock(1) meanwhile`;

const TASK_PROGRAM = "slotWriterTask.mjs";
/** The second as the agent's unit has it. */
const NODE_FLAGS = { JIT: [], "as on a device": ["--jitless", "--optimize-for-size"] } as const;

const { values } = parseArgs({
  options: {
    mebibytes: { type: "string", default: "256,1024" },
    rounds: { type: "string", default: "3" },
    folder: { type: "string", default: tmpdir() },
    lock: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});
const sizes = values.mebibytes.split(",").map(Number);
const rounds = Number(values.rounds);
if (values.help === true || ![...sizes, rounds].every((value) => Number.isInteger(value) && value > 0)) {
  console.error(USAGE);
  process.exit(values.help === true ? 0 : 2);
}

const run = promisify(execFile);
const lock = await holdLock(values.lock);
try {
  console.log("| image | what | MiB/s | ÷ dd | peak memory |\n| --- | --- | --- | --- | --- |");
  for (const size of sizes) await measureSize(size);
} finally {
  await lock[Symbol.asyncDispose]();
}

async function measureSize(mebibytes: number): Promise<void> {
  const folder = await mkdtemp(join(values.folder, "socle-slot-"));
  await using server = await serveRanges(folder);
  try {
    // As on a device, where nothing compiles.
    const bundling = { entry: "bench/slotWriterTask.ts", projectFolder: join(import.meta.dirname, "..") };
    await bundleProgram({ ...bundling, outFile: join(folder, TASK_PROGRAM) });
    await makeFiles(folder, mebibytes * MIB);
    const samples = new Map<string, TaskFigures[]>();
    const add = (name: string, figures: TaskFigures) =>
      samples.set(name, [...(samples.get(name) ?? []), figures]);
    for (let round = 0; round < rounds; round++) {
      await fillWithOldImage(folder, mebibytes);
      add("dd", await copyWithDd(folder));
      for (const [name, flags] of Object.entries(NODE_FLAGS)) {
        await fillWithOldImage(folder, mebibytes);
        add(`${name}: writeSlot from a file`, await runTask("write", folder, flags));
        add(`${name}: writeSlot, all there`, await runTask("keep", folder, flags));
        add(`${name}: verifySlot`, await runTask("verify", folder, flags));
        await fillWithOldImage(folder, mebibytes);
        add(`${name}: writeSlot over HTTP`, await runTask("write", folder, flags, [server.address]));
      }
    }
    print(mebibytes, samples);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The images and what is signed of them. */
async function makeFiles(folder: string, rootBytes: number): Promise<void> {
  await using root = await open(join(folder, "image-root"), "w");
  await using verity = await open(join(folder, "image-verity"), "w");
  const tree = new VerityTreeHash(rootBytes);
  for (let done = 0; done < rootBytes; done += MIB) {
    const bytes = randomBytes(MIB);
    await root.write(bytes);
    for (const block of tree.update(bytes))
      await verity.write(block.bytes, 0, block.bytes.length, block.offsetBytes);
  }
  const { blocks, rootHash } = tree.digest();
  for (const block of blocks) await verity.write(block.bytes, 0, block.bytes.length, block.offsetBytes);
  const signature = Buffer.alloc(VERITY_BLOCK_BYTES, "signature");
  const release: SlotRelease = {
    rootHash,
    rootBytes,
    verityBytes: (await verity.stat()).size,
    signatureBytes: signature.length,
    signatureSha256: parseSha256(createHash("sha256").update(signature).digest("hex")),
  };
  await writeFile(join(folder, "image-root-signature"), signature);
  await writeFile(join(folder, "release.json"), JSON.stringify(release));
  await writeFile(join(folder, "slot-verity"), Buffer.alloc(release.verityBytes));
  await writeFile(join(folder, "slot-root-signature"), Buffer.alloc(MIB));
}

/** The same file each time, on the same places of the disk; no block of it fits, and all of it is in the cache. */
async function fillWithOldImage(folder: string, mebibytes: number): Promise<void> {
  await using root = await open(join(folder, "slot-root"), "r+").catch(() =>
    open(join(folder, "slot-root"), "w+"),
  );
  const bytes = randomBytes(MIB);
  for (let index = 0; index < mebibytes; index++) {
    bytes.writeUInt32LE(index);
    await root.write(bytes, 0, MIB, index * MIB);
  }
  await root.datasync();
  await writeFile(join(folder, "slot-verity"), Buffer.alloc(VERITY_BLOCK_BYTES), { flag: "r+" });
}

async function copyWithDd(folder: string): Promise<TaskFigures> {
  const startedAt = performance.now();
  const [from, to] = [join(folder, "image-root"), join(folder, "slot-root")];
  await run("dd", [`if=${from}`, `of=${to}`, "bs=1M", "conv=notrunc,fdatasync", "status=none"]);
  return { seconds: (performance.now() - startedAt) / 1000, residentBytes: Number.NaN, fetchedBytes: 0 };
}

/** Ranges of the files of a folder, to this machine only. */
async function serveRanges(folder: string): Promise<AsyncDisposable & { readonly address: string }> {
  const server = createServer((request, response) => {
    const [, start = 0, end = 0] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    response.writeHead(206, { "content-length": Number(end) - Number(start) + 1 });
    const file = join(folder, basename(request.url ?? ""));
    pipeline(createReadStream(file, { start: Number(start), end: Number(end) }), response, () => undefined);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    address: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** `keep` is to write what is there already. */
async function runTask(
  task: "write" | "keep" | "verify",
  folder: string,
  flags: readonly string[],
  address: readonly string[] = [],
): Promise<TaskFigures> {
  const { stdout } = await run(process.execPath, [
    ...flags,
    join(folder, TASK_PROGRAM),
    task,
    folder,
    ...address,
  ]);
  const figures = JSON.parse(stdout) as TaskFigures; // what the program prints
  if (figures.fetchedBytes > 0 !== (task === "write"))
    throw new Error(`"${task}" fetched ${figures.fetchedBytes} bytes`);
  return figures;
}

function print(mebibytes: number, samples: ReadonlyMap<string, readonly TaskFigures[]>): void {
  const secondsOf = (name: string) => medianOf((samples.get(name) ?? []).map(({ seconds }) => seconds));
  for (const [name, figures] of samples) {
    const memory = Math.max(...figures.map(({ residentBytes }) => residentBytes));
    console.log(
      `| ${mebibytes} MiB | ${name} | ${(mebibytes / secondsOf(name)).toFixed(0)} | ${(secondsOf("dd") / secondsOf(name)).toFixed(2)} | ${Number.isNaN(memory) ? "" : renderMegabytes(memory)} |`,
    );
  }
}
