import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtempDisposable, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";

import { decodeChecksums } from "#release/checksums.ts";
import { type MemoryServer, startMemoryServer, truncatedAt } from "#system/tuf/memoryServer.fixture.ts";
import { digest, MemoryRepository } from "#trust/memoryRepository.fixture.ts";

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts");

interface Desk extends AsyncDisposable {
  readonly repository: MemoryRepository;
  readonly server: MemoryServer;
  readonly folder: string;
  fetch(...words: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }>;
}

/** Somebody with a workspace of their own, who trusts the repository's first root. */
async function prepareDesk(versions: readonly string[] = ["1.0", "1.1"]): Promise<Desk> {
  const repository = await MemoryRepository.create(versions, { now: new Date() });
  const server = await startMemoryServer(() => repository.files);
  const folder = await mkdtempDisposable(join(tmpdir(), "socle-cli-fetch-"));
  await writeFile(join(folder.path, "root.json"), repository.readText("metadata/1.root.json"));
  const environment = { ...process.env, SOCLE_HOME: join(folder.path, "home"), NO_COLOR: "1", CI: "1" };
  return {
    repository,
    server,
    folder: folder.path,
    fetch: async (...words) =>
      new Promise((done) => {
        const all = [MAIN, "fetch", server.url, "--trusted-root", "root.json", ...words];
        execFile(process.execPath, all, { cwd: folder.path, env: environment }, (error, stdout, stderr) =>
          done({ exitCode: Number(error?.code ?? 0), stdout, stderr }),
        );
      }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
}

test("the newest release is fetched into a folder as it was built, checksums and all", async () => {
  await using desk = await prepareDesk();
  const { exitCode, stdout, stderr } = await desk.fetch("-q");
  assert.equal(exitCode, 0, stderr);
  const output = join(desk.folder, "minimal_1.1");
  assert.equal(stdout, `${output}\n`);
  const names = ["SHA256SUMS", "minimal_1.1.efi", "minimal_1.1.manifest.json"];
  assert.deepEqual(await readdir(output), names);
  const checksums = decodeChecksums(await readFile(join(output, "SHA256SUMS"), "utf8"));
  assert.deepEqual(
    checksums.map(({ name }) => name),
    names.slice(1),
  );
  for (const { name, sha256 } of checksums) assert.equal(digest(await readFile(join(output, name))), sha256);
  assert.deepEqual(
    (await readdir(desk.folder)).sort(),
    ["home", "minimal_1.1", "root.json"],
    "nothing else is left",
  );

  desk.server.asked.length = 0;
  assert.equal((await desk.fetch("-q")).exitCode, 0);
  assert.deepEqual(
    desk.server.asked.filter((path) => path.endsWith(".efi")),
    [],
    "what is there is verified, not fetched again",
  );
});

test("a certain release of a channel, as a document for programs", async () => {
  await using desk = await prepareDesk();
  const { stdout, stderr, exitCode } = await desk.fetch(
    "--release",
    "1.0",
    "--channel",
    "stable",
    "--output",
    "here",
    "--json",
  );
  assert.equal(exitCode, 0, stderr);
  const document = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual(
    [document["apiVersion"], document["kind"], document["version"], document["folder"]],
    ["socle/v1", "FetchedRelease", "1.0", join(desk.folder, "here")],
  );
  assert.match(stderr, /"kind":"step-progress","step":"fetch","done":\d+,"total":\d+,"unit":"bytes"/);
});

test("what is not as it was signed is refused with exit code 5, and there is no release", async () => {
  await using desk = await prepareDesk();
  const [path, bytes] = [...desk.repository.files].find(([name]) => name.endsWith("1.1.efi")) ?? [];
  assert.ok(path !== undefined && bytes !== undefined);
  desk.server.instead.set(path, Buffer.alloc(bytes.length, "evil"));
  const { exitCode, stderr } = await desk.fetch();
  assert.equal(exitCode, 5);
  assert.match(stderr, /Refused "stable\/minimal_1\.1\.efi": its SHA-256 is/);
  assert.match(stderr, /target-tampered/);
  assert.equal((await readdir(desk.folder)).includes("minimal_1.1"), false);
});

test("a broken download is exit code 3, and the next run goes on where it stopped", async () => {
  await using desk = await prepareDesk(["1.0"]);
  const payload = Buffer.from(Array.from({ length: 2_000_000 }, (_, index) => index % 253));
  desk.repository.addRelease("stable", "2.0", { root: payload });
  await desk.repository.publish();
  const path = `targets/stable/${digest(payload)}.minimal_2.0_0d7a94a2-76bd-192e-d95a-9dafc2ffa0e7.root`;
  desk.server.instead.set(path, (request, response) =>
    request.headers.range === undefined
      ? truncatedAt(payload, 1_000_000)(request, response)
      : void response.writeHead(503).end(),
  );
  const broken = await desk.fetch();
  assert.equal(broken.exitCode, 3, broken.stderr);
  assert.equal((await readdir(desk.folder)).includes("minimal_2.0"), false);
  desk.server.instead.clear();
  desk.server.asked.length = 0;
  assert.equal((await desk.fetch()).exitCode, 0);
  assert.ok(
    desk.server.asked.some((asked) => asked.startsWith(`${path} bytes=`)),
    "the rest only",
  );
  assert.ok(
    (
      await readFile(join(desk.folder, "minimal_2.0/minimal_2.0_0d7a94a2-76bd-192e-d95a-9dafc2ffa0e7.root"))
    ).equals(payload),
  );
});

test("a folder with anything else in it is not replaced, and a server that is not there is exit code 3", async () => {
  await using desk = await prepareDesk();
  await mkdir(join(desk.folder, "mine"));
  await writeFile(join(desk.folder, "mine/letter"), "dear");
  const refused = await desk.fetch("--output", "mine");
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /output-in-use/);
  assert.deepEqual(await readdir(join(desk.folder, "mine")), ["letter"]);
  await desk.server[Symbol.asyncDispose]();
  assert.equal((await desk.fetch()).exitCode, 3);
});
