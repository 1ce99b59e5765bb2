import assert from "node:assert/strict";
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import type { ProgressEvent } from "#progress/events.ts";
import { parseChannel } from "#release/channel.ts";
import { CHECKSUMS_NAME } from "#release/releaseNames.ts";
import type { RepositoryErrorCode } from "#trust/repositoryError.ts";
import { verifyRepository, type RepositoryReport } from "#trust/repositoryVerification.ts";

import { publishRelease, renewRepository, withdraw } from "./publishRelease.ts";
import { readRepositoryFacts } from "./readRepositoryFacts.ts";
import { RepositoryOwner } from "./repositoryOwner.fixture.ts";
import { runCommand } from "./runCommand.ts";
import { serveFolder } from "./serveFolder.ts";
import { makeTinyRelease } from "./tinyRelease.fixture.ts";
import { TufClient } from "./tufClient.fixture.ts";

const NOW = new Date("2026-11-22T12:00:00Z");
const DAY_MS = 86_400_000;

const work = await mkdtemp(join(tmpdir(), "socle-publish-"));
after(() => rm(work, { recursive: true }));
const release10 = await makeTinyRelease(join(work, "1.0"));
const release11 = await makeTinyRelease(join(work, "1.1"), { version: "1.1" });

/** A repository of a test's own, and whoever has its keys. */
class Site {
  readonly folder: string;
  readonly owner: RepositoryOwner;
  readonly events: ProgressEvent[] = [];
  now = NOW;

  constructor(folder: string, owner: RepositoryOwner) {
    this.folder = folder;
    this.owner = owner;
  }

  static async create(thresholds = {}): Promise<Site> {
    const folder = await mkdtemp(join(work, "site-"));
    return new Site(folder, await RepositoryOwner.create(NOW, thresholds));
  }

  get surroundings() {
    const report = (event: ProgressEvent) => void this.events.push(event);
    return { folder: this.folder, keys: this.owner.keys, now: () => this.now, report };
  }

  async publish(release: typeof release10, channel = "stable") {
    return publishRelease(this.surroundings, { release, channel });
  }

  async verify(): Promise<RepositoryReport> {
    const facts = await readRepositoryFacts(this.folder, () => {});
    return verifyRepository(facts, { now: this.now, trustedRoot: this.owner.trustedRoot });
  }

  async expectWhole(): Promise<RepositoryReport> {
    const report = await this.verify();
    assert.deepEqual(
      { problems: report.problems, warnings: report.warnings },
      { problems: [], warnings: [] },
    );
    return report;
  }

  async list(path: string): Promise<string[]> {
    return (await readdir(join(this.folder, path))).toSorted();
  }

  /** Every file with its content, by path. */
  async snapshot(): Promise<Map<string, string>> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    return new Map(
      await Promise.all(files.map(async (file) => [file, await readFile(file, "utf8")] as const)),
    );
  }
}

function refusedWith(code: RepositoryErrorCode, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof Error && "code" in error);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

test("what was published is fetched by tuf-js, byte for byte", async () => {
  const site = await Site.create();
  await site.publish(release10);
  await site.publish(release11);
  await site.expectWhole();
  await using server = await serveFolder(site.folder);
  await using client = await TufClient.create(site.owner.trustedRoot, server.url);

  const [document] = await client.fetch(["stable/channel.json"]);
  const channel = parseChannel(String(document));
  assert.deepEqual(
    channel.releases.map(({ version, rootHash }) => [version, rootHash]),
    [
      ["1.1", release11.manifest.rootHash],
      ["1.0", release10.manifest.rootHash],
    ],
    "newest first",
  );
  for (const { folder, manifest } of [release10, release11]) {
    const names = (await readdir(folder)).filter((name) => name !== CHECKSUMS_NAME);
    assert.equal(names.length, manifest.artifacts.length + 2, "manifest and provenance too");
    const fetched = await client.fetch(names.map((name) => `stable/${name}`));
    for (const [index, name] of names.entries())
      assert.deepEqual(fetched[index], await readFile(join(folder, name)), name);
  }
  assert.deepEqual(await client.fetch(["stable/tiny_9.9.efi"]), [undefined]);
});

test("SHA256SUMS lists every file of every release as systemd-sysupdate wants it, and it is true", async () => {
  const site = await Site.create();
  await site.publish(release10);
  await site.publish(release11);
  const cwd = join(site.folder, "targets/stable");
  await runCommand(["sha256sum", "--check", "--strict", CHECKSUMS_NAME], { cwd });
  const lines = (await readFile(join(cwd, CHECKSUMS_NAME), "utf8")).trimEnd().split("\n");
  assert.equal(lines.length, 14);
  for (const line of lines) assert.match(line, /^([0-9a-f]{64}) {2}\1\.tiny_1\.[01][._]/);
});

test("publishing the same again signs anew and leaves every target as it is", async () => {
  const site = await Site.create();
  await site.publish(release10);
  const before = await site.snapshot();
  site.now = new Date(NOW.getTime() + DAY_MS);
  const changed = await site.publish(release10);
  assert.deepEqual(new Set(changed?.placed.values()), new Set(["present"]));
  const targetsOf = (files: Map<string, string>) => [...files].filter(([path]) => path.includes("/targets/"));
  assert.deepEqual(targetsOf(await site.snapshot()), targetsOf(before));
  const { roles } = await site.expectWhole();
  assert.deepEqual(
    roles.map(({ role, version, expires }) => [role, version, expires.slice(0, 10)]),
    [
      ["root", 1, "2027-11-22"],
      ["timestamp", 2, "2026-11-30"],
      ["snapshot", 2, "2026-12-23"],
      ["targets", 2, "2027-02-21"],
      ["stable", 2, "2027-02-21"],
    ],
  );
});

test("a channel says when each of its releases came into it, however often it is published", async () => {
  const site = await Site.create();
  const readDates = async () => {
    const files = [...(await site.snapshot())].filter(([path]) => path.endsWith(".channel.json"));
    const channels = files.map(([, text]) => parseChannel(text));
    const newest = channels.toSorted((a, b) => b.releases.length - a.releases.length)[0];
    return newest?.releases.map(({ version, published }) => [version, published]);
  };
  await site.publish(release10);
  site.now = new Date(NOW.getTime() + DAY_MS);
  await site.publish(release10);
  await site.publish(release11);
  assert.deepEqual(await readDates(), [
    ["1.1", "2026-11-23T12:00:00Z"],
    ["1.0", "2026-11-22T12:00:00Z"],
  ]);
});

test("the same release in two channels takes its room once", async () => {
  const site = await Site.create();
  await site.publish(release10, "testing");
  const changed = await site.publish(release10, "stable");
  assert.deepEqual(new Set(changed?.placed.values()), new Set(["linked"]));
  const name = (await site.list("targets/stable")).find((entry) => entry.endsWith(".root")) ?? "";
  assert.equal((await stat(join(site.folder, "targets/stable", name))).nlink, 2);
  await site.expectWhole();
});

test("a disk stays mostly a hole", async () => {
  const site = await Site.create();
  await site.publish(release10);
  const name = (await site.list("targets/stable")).find((entry) => entry.endsWith(".raw")) ?? "";
  const { size, blocks } = await stat(join(site.folder, "targets/stable", name));
  assert.equal(size, 3 << 20);
  assert.ok(blocks * 512 <= 1 << 20, `${blocks} blocks`);
});

test("a version with other bytes is refused in every channel, and the file is named", async () => {
  const site = await Site.create();
  await site.publish(release10);
  const before = await site.snapshot();
  const other = await makeTinyRelease(join(work, "other"), { salt: "other" });
  for (const channel of ["stable", "testing"]) {
    await assert.rejects(
      site.publish(other, channel),
      refusedWith(
        "version-already-published",
        /publish 1\.0: .*"stable" .*"tiny_1\.0.* was not part of it|was /,
      ),
    );
  }
  // Only the provenance differs: it is not in the manifest.
  const folder = join(work, "provenance");
  await cp(release10.folder, folder, { recursive: true });
  const sums = await readFile(join(folder, CHECKSUMS_NAME), "utf8");
  await appendFile(join(folder, "tiny_1.0.intoto.jsonl"), "{}\n");
  const { stdout } = await runCommand(["sha256sum", "tiny_1.0.intoto.jsonl"], { cwd: folder });
  await writeFile(join(folder, CHECKSUMS_NAME), sums.replace(/^.*intoto\.jsonl\n/m, stdout));
  await assert.rejects(
    site.publish({ ...release10, folder }),
    refusedWith("version-already-published", /"tiny_1\.0\.intoto\.jsonl" is [0-9a-f]{12}, was [0-9a-f]{12}/),
  );
  assert.deepEqual(await site.snapshot(), before);
});

test("a channel has releases of one system; another channel may have another's", async () => {
  const site = await Site.create();
  await site.publish(release10);
  const other = await makeTinyRelease(join(work, "large"), { id: "large" });
  await assert.rejects(
    site.publish(other),
    refusedWith("other-release-id", /"large" .* has releases of "tiny"/),
  );
  await site.publish(other, "large");
  const { channels } = await site.expectWhole();
  assert.deepEqual(
    channels.map(({ name, id }) => [name, id]),
    [
      ["large", "large"],
      ["stable", "tiny"],
    ],
  );
});

test("a release that is not as it was built is refused with everything that is wrong, and nothing is written", async () => {
  const site = await Site.create();
  const folder = join(work, "damaged");
  await cp(release10.folder, folder, { recursive: true });
  const uki = await readFile(join(folder, "tiny_1.0.efi"));
  uki[7]! ^= 1;
  await writeFile(join(folder, "tiny_1.0.efi"), uki);
  await rm(join(folder, "tiny_1.0.packages.tsv"));
  await writeFile(join(folder, "notes.txt"), "mine");
  await mkdir(join(folder, "folder"));
  await assert.rejects(site.publish({ ...release10, folder }), (error: Error) => {
    refusedWith("release-not-whole", /damaged/)(error);
    for (const part of [
      /"tiny_1\.0\.efi" has other bytes than SHA256SUMS says/,
      /"tiny_1\.0\.efi" has other bytes than the manifest says/,
      /"tiny_1\.0\.packages\.tsv" is missing, but SHA256SUMS names it/,
      /"tiny_1\.0\.packages\.tsv" is missing, but the manifest names it/,
      /"notes\.txt" is no file of tiny 1\.0/,
      /"folder" is a directory/,
    ])
      assert.match(error.message, part);
    return true;
  });
  assert.deepEqual(await site.list(""), []);
});

test("keys of another project, an older copy of the keys, and keys changed in two places are refused by name", async () => {
  const site = await Site.create();
  await site.publish(release10);
  const before = await site.snapshot();

  const stranger = new Site(site.folder, await RepositoryOwner.create(NOW));
  await assert.rejects(
    stranger.publish(release11),
    refusedWith("other-project", /repository of another project/),
  );
  const older = { ...site.owner.keys };
  await site.owner.rotate();
  await site.publish(release11);
  await assert.rejects(
    publishRelease({ ...site.surroundings, keys: older }, { release: release11, channel: "stable" }),
    refusedWith("root-older", /newest root metadata is version 1, the repository has version 4/),
  );
  const forked = site.owner.keys;
  const roots = new Map(forked.roots).set(4, new TextEncoder().encode("{}"));
  await assert.rejects(
    publishRelease(
      { ...site.surroundings, keys: { ...forked, roots } },
      { release: release11, channel: "stable" },
    ),
    refusedWith("root-differs", /their 4\.root\.json is not that of the repository/),
  );
  assert.notDeepEqual(await site.snapshot(), before, "only the rightful publish changed something");
  await site.expectWhole();
});

test("after a rotation, a client that knows only the first root still follows", async () => {
  const site = await Site.create();
  await site.publish(release10);
  await using server = await serveFolder(site.folder);
  await using client = await TufClient.create(site.owner.trustedRoot, server.url);
  await client.fetch(["stable/channel.json"]);
  for (const stolen of [false, true]) {
    await site.owner.rotate({ stolen });
    await site.publish(release11);
    await site.expectWhole();
    const [document] = await client.fetch(["stable/channel.json"]);
    assert.equal(parseChannel(String(document)).releases.length, 2);
  }
});

test("every role wants as many signatures as its threshold says", async () => {
  const site = await Site.create({ targets: 2, timestamp: 3 });
  await site.publish(release10);
  await site.expectWhole();
  const { keys } = site.owner;
  const before = await site.snapshot();
  const one = { ...keys, signersOf: async (role: "targets") => (await keys.signersOf(role)).slice(0, 1) };
  await assert.rejects(
    publishRelease(
      { ...site.surroundings, keys: one as typeof keys },
      { release: release11, channel: "stable" },
    ),
    refusedWith("too-few-signatures", /"targets": .*1\/2/),
  );
  assert.deepEqual(await site.snapshot(), before);
  await site.publish(release11);
  await site.expectWhole();
});

test("renewing asks for the keys of snapshot and timestamp only, until the others are in their last third", async () => {
  const site = await Site.create();
  await site.publish(release10);
  site.owner.asked.length = 0;
  site.now = new Date(NOW.getTime() + 59 * DAY_MS);
  await renewRepository(site.surroundings);
  assert.deepEqual(new Set(site.owner.asked), new Set(["snapshot", "timestamp"]));
  site.now = new Date(NOW.getTime() + 61 * DAY_MS);
  await renewRepository(site.surroundings);
  assert.deepEqual(new Set(site.owner.asked), new Set(["targets", "snapshot", "timestamp"]));
  const { roles } = await site.expectWhole();
  assert.deepEqual(
    roles.map(({ role, version }) => [role, version]),
    [
      ["root", 1],
      ["timestamp", 3],
      ["snapshot", 3],
      ["targets", 2],
      ["stable", 2],
    ],
  );
});

test("former metadata stay for one change, and then go", async () => {
  const site = await Site.create();
  for (const release of [release10, release11, release11]) await site.publish(release);
  assert.deepEqual(await site.list("metadata"), [
    "1.root.json",
    "2.snapshot.json",
    "2.stable.json",
    "2.targets.json",
    "3.snapshot.json",
    "3.stable.json",
    "3.targets.json",
    "timestamp.json",
  ]);
  assert.equal(
    (await site.list("targets/stable")).filter((name) => name.endsWith(".channel.json")).length,
    1,
  );
});

test("a release that was withdrawn is offered no more; its version stays taken", async () => {
  const site = await Site.create();
  await site.publish(release10);
  await site.publish(release11);
  await withdraw(site.surroundings, { channel: "stable", version: "1.1", delete: false });
  const kept = await site.verify();
  assert.deepEqual(kept.problems, []);
  assert.equal(kept.warnings.length, 7, "its files are there, and nothing names them");
  assert.deepEqual(kept.channels[0]?.versions, ["1.0"]);
  const sums = await readFile(join(site.folder, "targets/stable", CHECKSUMS_NAME), "utf8");
  assert.doesNotMatch(sums, /tiny_1\.1/);

  const again = { channel: "stable", version: "1.1" };
  await assert.rejects(
    withdraw(site.surroundings, { ...again, delete: false }),
    refusedWith("release-not-in-channel", /already/),
  );
  const other = await makeTinyRelease(join(work, "other11"), { version: "1.1", salt: "other" });
  await assert.rejects(site.publish(other), refusedWith("version-already-published", /that was withdrawn/));

  const { deleted } = await withdraw(site.surroundings, { ...again, delete: true });
  assert.equal(deleted.length, 7);
  await site.expectWhole();
  await site.publish(release11);
  const { channels } = await site.expectWhole();
  assert.deepEqual(channels[0]?.versions, ["1.1", "1.0"], "the same bytes may come back");
});

test("what is not there cannot be withdrawn or renewed", async () => {
  const site = await Site.create();
  const version = { version: "2.0", delete: true };
  await assert.rejects(renewRepository(site.surroundings), refusedWith("not-a-repository", /no repository/));
  await site.publish(release10);
  await assert.rejects(
    withdraw(site.surroundings, { channel: "stable", ...version }),
    refusedWith("release-not-in-channel", /only 1\.0/),
  );
  await assert.rejects(
    withdraw(site.surroundings, { channel: "testing", ...version }),
    refusedWith("channel-unknown", /has stable/),
  );
});

test("nothing is built on a repository that somebody changed, nor into a folder with other things", async () => {
  const site = await Site.create();
  await site.publish(release10);
  const file = join(site.folder, "metadata/1.stable.json");
  await writeFile(file, (await readFile(file, "utf8")).replace("1.0", "6.6"));
  await assert.rejects(
    site.publish(release11),
    refusedWith("repository-broken", /1\.stable\.json cannot be trusted/),
  );

  const other = await Site.create();
  await writeFile(join(other.folder, "index.html"), "mine");
  await assert.rejects(other.publish(release10), refusedWith("repository-in-use", /holds "index\.html"/));
});

test("a lost timestamp is not taken for a new repository: clients would see versions fall", async () => {
  const site = await Site.create();
  await site.publish(release10);
  await site.publish(release11);
  await rm(join(site.folder, "metadata/timestamp.json"));
  await assert.rejects(
    site.publish(release11),
    refusedWith("repository-broken", /timestamp\.json is missing/),
  );
});

test("a clock that went back, and a root that has expired, are refused", async () => {
  const site = await Site.create();
  await site.publish(release10);
  site.now = new Date(NOW.getTime() - DAY_MS);
  await assert.rejects(
    site.publish(release11),
    refusedWith("clock-behind", /says 2026-11-21T12:00:00Z, .* signed at 2026-11-22T12:00:00Z/),
  );
  site.now = new Date(NOW.getTime() + 366 * DAY_MS);
  await assert.rejects(
    site.publish(release11),
    refusedWith("root-expired", /version 1 .* expired at 2027-11-22/),
  );
});

test("two that publish at once do so one after the other", async () => {
  const site = await Site.create();
  await Promise.all([site.publish(release10), site.publish(release11), site.publish(release10, "testing")]);
  const { channels, roles } = await site.expectWhole();
  assert.deepEqual(
    channels.map(({ name, versions }) => [name, versions]),
    [
      ["stable", ["1.1", "1.0"]],
      ["testing", ["1.0"]],
    ],
  );
  assert.equal(roles.find(({ role }) => role === "timestamp")?.version, 3);
});

test("the plan can stop it before anything is written", async () => {
  const site = await Site.create();
  await site.publish(release10);
  const before = await site.snapshot();
  let seen: readonly string[] = [];
  const changed = await publishRelease(site.surroundings, {
    release: release11,
    channel: "stable",
    onPlan: ({ files, present, published }) => {
      seen = files.map(({ name }) => name);
      assert.equal(present.size, 0);
      assert.equal(published, false);
      return false;
    },
  });
  assert.equal(changed, undefined);
  assert.equal(seen.length, 7);
  assert.deepEqual(await site.snapshot(), before);
});
