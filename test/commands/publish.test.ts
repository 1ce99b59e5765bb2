import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ensureDevelopmentKeys, openKeyFolder, openSigners } from "#system/keyFolder.ts";
import { makeTinyRelease } from "#system/tinyRelease.fixture.ts";
import type { DsseSigner } from "#trust/dsse.ts";
import { toKeyId } from "#trust/publicKeys.ts";

const SOCLE = join(import.meta.dirname, "../../bin/socle");
const folder = await mkdtemp(join(tmpdir(), "socle-publish-cli-"));
after(() => rm(folder, { recursive: true }));
const keys = join(folder, "our-keys");

/** Who has built a release that these keys are to publish. */
async function findBuilder(keyFolder: string): Promise<DsseSigner> {
  const [signer] = await openSigners(await openKeyFolder(keyFolder), "provenance");
  assert.ok(signer);
  return { keyId: toKeyId(signer.publicKey), signer };
}

before(async () => {
  await ensureDevelopmentKeys(keys);
  const builder = await findBuilder(keys);
  await makeTinyRelease(join(folder, "1.0"), { builder });
  await makeTinyRelease(join(folder, "1.1"), { version: "1.1", builder });
});

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function socle(...words: string[]): Promise<Outcome> {
  const env = { ...process.env, NO_COLOR: "1", CI: "1", LC_ALL: "C.UTF-8", SOCLE_HOME: join(folder, "home") };
  return new Promise((resolve) => {
    execFile(SOCLE, words, { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

test("a release's way: plan, publish, verify, renew, withdraw", async () => {
  const site = ["--repository", "site", "--keys", keys];
  const plan = await socle("publish", "1.0", ...site, "--dry-run");
  assert.equal(plan.exitCode, 0, plan.stderr);
  assert.match(
    plan.stdout,
    /^Plan: publish tiny 1\.0 to the channel "stable"\n.*To write {3}7 of 7 files, 3\.2 MB/s,
  );
  assert.deepEqual(await readdir(join(folder, "site")), [".lock"]);

  const first = await socle("publish", "1.0", ...site);
  assert.match(first.stdout, /^✓ published tiny 1\.0 to the channel "stable"\n/);
  assert.match(first.stderr, /Plan: publish tiny 1\.0/, "shown before it is done");
  const second = await socle("publish", "1.1", ...site, "--json");
  const publication = JSON.parse(second.stdout) as Record<string, unknown> & { files: object[] }; // asserted below
  assert.deepEqual(
    { ...publication, files: publication.files.length, metadata: undefined },
    {
      apiVersion: "socle/v1",
      kind: "Publication",
      repository: join(folder, "site"),
      channel: "stable",
      id: "tiny",
      version: "1.1",
      dryRun: false,
      files: 7,
      metadata: undefined,
    },
  );

  const whole = await socle("repository", "verify", "site", "--trusted-root", join(keys, "root/1.root.json"));
  assert.equal(whole.exitCode, 0, whole.stdout);
  assert.match(whole.stdout, /^✓ the repository is whole: .*^ {2}stable +tiny +1\.1 +2 +14 /ms);
  assert.match(
    (await socle("repository", "renew", "site", "--keys", keys)).stdout,
    /^✓ signed anew\n.*timestamp +3 /s,
  );
  const withdrawal = [
    "repository",
    "withdraw",
    "site",
    "--channel",
    "stable",
    "--release",
    "1.1",
    "--keys",
    keys,
  ];
  assert.match(
    (await socle(...withdrawal)).stdout,
    /^✓ 1\.1 is no longer in the channel "stable"\n.*Newest now {3}1\.0/s,
  );
});

test("a repository that was tampered with: every problem, exit code 5", async () => {
  await socle("publish", "1.0", "--repository", "tampered", "--keys", keys);
  const channel = join(folder, "tampered/targets/stable");
  for (const name of await readdir(channel)) {
    if (name.endsWith(".efi")) await writeFile(join(channel, name), "x");
    if (name.endsWith(".root")) await rm(join(channel, name));
  }
  const { exitCode, stdout } = await socle("repository", "verify", "tampered", "-o", "json");
  const { kind, valid, problems } = JSON.parse(stdout) as {
    kind: string;
    valid: boolean;
    problems: string[];
  };
  assert.equal(exitCode, 5);
  assert.deepEqual({ kind, valid }, { kind: "RepositoryVerification", valid: false });
  assert.equal(problems.length, 2);
});

test("what cannot be published is refused by name", async () => {
  await socle("publish", "1.0", "--repository", "ours", "--keys", keys);
  const others = join(folder, "their-keys");
  await ensureDevelopmentKeys(others);
  await makeTinyRelease(join(folder, "theirs"), { builder: await findBuilder(others) });
  const other = await socle("publish", "theirs", "--repository", "ours", "--keys", others);
  assert.equal(other.exitCode, 5);
  assert.match(other.stderr, /repository of another project/);
  await makeTinyRelease(join(folder, "other"), { salt: "other", builder: await findBuilder(keys) });
  const twice = await socle("publish", "other", "--repository", "ours", "--keys", keys);
  assert.equal(twice.exitCode, 1);
  assert.match(twice.stderr, /the channel "stable" had this version with other bytes: "tiny_1\.0/);
  assert.match(twice.stderr, /version-already-published/);
  const kernel = join(folder, "other/tiny_1.0.efi");
  await writeFile(kernel, (await readFile(kernel, "utf8")).replace("k", "K"));
  const damaged = await socle("publish", "other", "--repository", "new", "--keys", keys);
  assert.equal(damaged.exitCode, 5);
  assert.match(damaged.stderr, /"tiny_1\.0\.efi" has other bytes than SHA256SUMS says\n.*manifest says/);
  for (const name of ["root", "Stable", "a/b"]) {
    const { exitCode, stderr } = await socle("publish", "1.0", "--repository", "ours", "--channel", name);
    assert.equal(exitCode, 2);
    assert.match(stderr, /write lower-case letters, digits and "-"/);
  }
});

test("a release that this project did not build is refused before anything is written", async () => {
  const site = ["--repository", "nowhere"];
  const strange = await socle("publish", "1.0", ...site); // development keys of this folder
  assert.equal(strange.exitCode, 5);
  assert.match(strange.stderr, /No provenance key of this project vouches for how tiny 1\.0 was built/);
  assert.match(strange.stderr, /--keys/);

  const altered = join(folder, "altered");
  await cp(join(folder, "1.0"), altered, { recursive: true });
  const manifest = join(altered, "tiny_1.0.manifest.json");
  await writeFile(manifest, (await readFile(manifest, "utf8")).replace("6.12.48", "6.12.49"));
  const changed = await socle("publish", altered, ...site, "--keys", keys);
  assert.equal(changed.exitCode, 5);
  assert.match(changed.stderr, /not that of these files: "tiny_1\.0\.manifest\.json" has other bytes/);

  await rm(join(altered, "tiny_1.0.intoto.jsonl"));
  const silent = await socle("publish", altered, ...site, "--keys", keys);
  assert.equal(silent.exitCode, 5);
  assert.match(silent.stderr, /Nothing says how tiny 1\.0 was built/);
  assert.ok(!(await readdir(folder)).includes("nowhere"));
});

test("serve says where it is, and Ctrl-C is its ordinary end", async () => {
  await socle("publish", "1.0", "--repository", "served", "--keys", keys);
  const child = spawn(SOCLE, ["serve", join(folder, "served")], { stdio: ["ignore", "pipe", "ignore"] });
  const [said] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const url = /^ {2}(http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(said)?.[1] ?? "";
  assert.match(said, new RegExp(`Path=${url}targets/stable/ `));
  const timestamp = await fetch(`${url}metadata/timestamp.json`);
  assert.equal(
    await timestamp.text(),
    await readFile(join(folder, "served/metadata/timestamp.json"), "utf8"),
  );
  child.kill("SIGINT");
  assert.deepEqual(await once(child, "close"), [0, null]);
});

test("each command's help has its examples", async () => {
  for (const words of [
    ["publish"],
    ["serve"],
    ["repository"],
    ["repository", "verify"],
    ["repository", "renew"],
    ["repository", "withdraw"],
  ]) {
    const { exitCode, stdout } = await socle(...words, "--help");
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      new RegExp(`^Usage: socle ${words.join(" ")}.*Examples:\n +socle ${words.join(" ")}`, "s"),
    );
  }
});
