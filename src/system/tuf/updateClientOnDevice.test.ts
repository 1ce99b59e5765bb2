import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { bundleProgram } from "#image/bundleProgram.ts";
import { MemoryRepository } from "#trust/memoryRepository.fixture.ts";

import { startMemoryServer } from "./memoryServer.fixture.ts";

test("the client works as devices run it: one bundled file, without a JIT compiler, without WebAssembly", async () => {
  const repository = await MemoryRepository.create(["1.0"]);
  await repository.rotate("timestamp");
  await repository.publish();
  await using server = await startMemoryServer(() => repository.files);
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-jitless-"));
  const program = join(folder.path, "fetch.mjs");
  const entry = "src/system/tuf/fetchNewest.fixture.ts";
  await bundleProgram({ entry, outFile: program, projectFolder: resolve(import.meta.dirname, "../../..") });
  const root = join(folder.path, "root.json");
  await writeFile(root, repository.readText("metadata/1.root.json"));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--jitless", program, server.url, root, folder.path],
    { cwd: "/", env: {} },
  );
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.pop(), "without WebAssembly");
  assert.equal(lines.length, 2);
  for (const line of lines) {
    const [sha256 = "", name = ""] = line.split("  ");
    assert.ok(repository.files.has(`targets/stable/${sha256}.${name}`), line);
  }
});
