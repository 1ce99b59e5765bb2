import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeChecksums } from "#release/checksums.ts";

import { digest, MemoryRepository } from "./memoryRepository.fixture.ts";
import type { RepositoryFacts } from "./repositoryFindings.ts";
import { verifyRepository } from "./repositoryVerification.ts";

const NOW = new Date("2026-11-22T13:00:00Z");
const DOCUMENT = /\.(channel|manifest)\.json$|\/SHA256SUMS$/;

/** What a stranger, or a failing disk, can change: files by their path in the repository. */
type Files = Map<string, Buffer>;

function toFacts(files: Files): RepositoryFacts {
  const below = (folder: string) =>
    [...files]
      .filter(([path]) => path.startsWith(`${folder}/`))
      .map(([path, bytes]) => [path.slice(folder.length + 1), bytes] as const);
  const targets = below("targets");
  return {
    metadata: new Map(below("metadata")),
    targets: new Map(
      targets.map(([path, bytes]) => [path, { sizeBytes: bytes.length, sha256: digest(bytes) }]),
    ),
    documents: new Map(
      targets.filter(([path]) => DOCUMENT.test(path)).map(([path, bytes]) => [path, bytes.toString()]),
    ),
    others: [...files.keys()].filter((path) => !/^(metadata|targets)\//.test(path)),
  };
}

/** With the checksums that belong to it. */
function withChecksums(files: Files): Files {
  const names = [...files.keys()].filter(
    (path) => path.startsWith("targets/stable/") && !path.endsWith("channel.json"),
  );
  const lines = names.map((path) => {
    return { name: path.slice("targets/stable/".length), sha256: digest(files.get(path) ?? Buffer.alloc(0)) };
  });
  return new Map(files).set("targets/stable/SHA256SUMS", Buffer.from(encodeChecksums(lines)));
}

async function createFiles(): Promise<{ repository: MemoryRepository; files: Files }> {
  const repository = await MemoryRepository.create(["1.0", "1.1"]);
  return { repository, files: withChecksums(repository.files) };
}

function problemsOf(files: Files, trustedRoot?: Uint8Array): readonly string[] {
  return verifyRepository(toFacts(files), { now: NOW, ...(trustedRoot === undefined ? {} : { trustedRoot }) })
    .problems;
}

function find(files: Files, pattern: RegExp): string {
  const path = [...files.keys()].find((name) => pattern.test(name));
  assert.ok(path, `there is a file ${pattern}`);
  return path;
}

function edit(files: Files, pattern: RegExp, from: string, to: string): void {
  const path = find(files, pattern);
  const text = files.get(path)?.toString() ?? "";
  assert.ok(text.includes(from), `${path} has ${from}`);
  files.set(path, Buffer.from(text.replace(from, to)));
}

test("a whole repository has neither problems nor warnings, and it is told what is in it until when", async () => {
  const { files, repository } = await createFiles();
  const trustedRoot = repository.files.get("metadata/1.root.json") ?? Buffer.alloc(0);
  assert.deepEqual(verifyRepository(toFacts(files), { now: NOW, trustedRoot }), {
    roles: [
      { role: "root", version: 1, expires: "2027-11-22T12:00:00Z", expired: false },
      { role: "timestamp", version: 1, expires: "2026-11-29T12:00:00Z", expired: false },
      { role: "snapshot", version: 1, expires: "2026-12-22T12:00:00Z", expired: false },
      { role: "targets", version: 1, expires: "2027-02-20T12:00:00Z", expired: false },
      { role: "stable", version: 1, expires: "2027-02-20T12:00:00Z", expired: false },
    ],
    channels: [
      {
        name: "stable",
        id: "minimal",
        versions: ["1.1", "1.0"],
        files: 4,
        sizeBytes: [...files].reduce(
          (sum, [path, bytes]) => sum + (/\.(efi|manifest\.json)$/.test(path) ? bytes.length : 0),
          0,
        ),
      },
    ],
    problems: [],
    warnings: [],
  });
});

function cutChecksums(files: Files): void {
  const text = files.get("targets/stable/SHA256SUMS") ?? Buffer.alloc(0);
  files.set("targets/stable/SHA256SUMS", text.subarray(0, -1));
}

const TAMPERED: readonly (readonly [name: string, change: (files: Files) => void, problem: RegExp])[] = [
  ["a missing first root", (files) => files.delete("metadata/1.root.json"), /^1\.root\.json is missing/],
  [
    "a gap in the roots",
    (files) => files.set("metadata/3.root.json", Buffer.from("{}")),
    /^2\.root\.json is missing/,
  ],
  [
    "a root that nobody signed",
    (files) => {
      const text = files.get("metadata/1.root.json")?.toString() ?? "";
      files.set("metadata/2.root.json", Buffer.from(text.replace('"version": 1', '"version": 2')));
    },
    /^2\.root\.json cannot be trusted: root was signed by 0\/1 keys/,
  ],
  ["no timestamp", (files) => files.delete("metadata/timestamp.json"), /^timestamp\.json is missing/],
  [
    "a changed timestamp",
    (files) => edit(files, /timestamp/, "2026-11-29", "2036-11-29"),
    /^timestamp\.json cannot be trusted: timestamp was signed by 0\/1 keys/,
  ],
  [
    "a timestamp that is not JSON",
    (files) => files.set("metadata/timestamp.json", Buffer.from("<html>")),
    /^timestamp\.json cannot be trusted: .*JSON/,
  ],
  [
    "a changed snapshot",
    (files) => edit(files, /1\.snapshot/, "2026-12-22", "2036-12-22"),
    /^1\.snapshot\.json cannot be trusted: Expected hash/,
  ],
  ["no targets", (files) => files.delete("metadata/1.targets.json"), /^1\.targets\.json is missing/],
  [
    "a longer channel",
    (files) => edit(files, /1\.stable/, "{", "{ "),
    /^1\.stable\.json cannot be trusted: Expected length/,
  ],
  ["a missing kernel", (files) => files.delete(find(files, /1\.0\.efi$/)), /1\.0\.efi is missing$/],
  [
    "a kernel with other bytes",
    (files) => {
      const path = find(files, /1\.0\.efi$/);
      const bytes = Buffer.from(files.get(path) ?? []);
      bytes[5]! ^= 1;
      files.set(path, bytes);
    },
    /1\.0\.efi has other bytes/,
  ],
  [
    "a kernel cut short",
    (files) => {
      const path = find(files, /1\.0\.efi$/);
      files.set(path, (files.get(path) ?? Buffer.alloc(0)).subarray(1));
    },
    /1\.0\.efi has \d+ bytes, wanted \d+$/,
  ],
  [
    "no channel document",
    (files) => files.delete(find(files, /channel\.json$/)),
    /^stable: its channel\.json is missing/,
  ],
  [
    "a channel document of something else",
    (files) => files.set(find(files, /channel\.json$/), Buffer.from("{}")),
    /^stable: its channel\.json cannot be used/,
  ],
  [
    "checksums that offer what nobody signed",
    (files) => {
      const line = `${"00".repeat(32)}  ${"00".repeat(32)}.minimal_6.6.efi\n`;
      edit(files, /SHA256SUMS$/, "", line);
    },
    /SHA256SUMS names 0{64}\.minimal_6\.6\.efi, which the signed metadata do not/,
  ],
  ["checksums that were cut", cutChecksums, /SHA256SUMS cannot be used/],
];

for (const [name, change, problem] of TAMPERED) {
  test(`${name} is found`, async () => {
    const { files } = await createFiles();
    change(files);
    const problems = problemsOf(files);
    assert.ok(
      problems.some((found) => problem.test(found)),
      `${problem} among ${JSON.stringify(problems)}`,
    );
  });
}

test("no single bit of signed metadata can change without being found", async () => {
  const { files } = await createFiles();
  for (const [path, bytes] of files) {
    if (!path.startsWith("metadata/")) continue;
    for (let bit = 0; bit < bytes.length * 8; bit += 97) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      // Of the others the digest is signed, and so is the white space between their values.
      const isSame = /\.root\.json$|timestamp\.json$/.test(path) && sameJson(changed, bytes);
      assert.equal(problemsOf(new Map(files).set(path, changed)).length > 0, !isSame, `${path}, bit ${bit}`);
    }
  }
});

/** Whether a change leaves the signed value and the signature as they are. */
function sameJson(a: Buffer, b: Buffer): boolean {
  const read = (bytes: Buffer) =>
    JSON.stringify(
      JSON.parse(
        bytes.toString(),
        (key, value: unknown) => (key === "sig" ? String(value).toLowerCase() : value), // hexadecimal digits are the same in both cases
      ),
    );
  try {
    return read(a) === read(b);
  } catch {
    return false;
  }
}

test("each role is told when it expires, and what has expired is a problem", async () => {
  const { files } = await createFiles();
  const { problems } = verifyRepository(toFacts(files), { now: new Date("2026-12-22T12:00:00Z") });
  assert.deepEqual(problems, [
    "the timestamp metadata expired at 2026-11-29T12:00:00Z",
    "the snapshot metadata expired at 2026-12-22T12:00:00Z",
  ]);
});

test("metadata of different times do not go together", async () => {
  const { repository, files } = await createFiles();
  const old = files.get("metadata/1.snapshot.json") ?? Buffer.alloc(0);
  await repository.publish();
  const mixed = withChecksums(repository.files).set("metadata/2.snapshot.json", old);
  assert.match(problemsOf(mixed).join(), /2\.snapshot\.json cannot be trusted/);
});

test("metadata signed with the key of another role are refused", async () => {
  const { repository } = await createFiles();
  await repository.writeTimestamp({}, repository.keys.snapshot);
  assert.match(problemsOf(repository.files).join(), /timestamp\.json cannot be trusted: .* 0\/1 keys/);
});

test("the root that is trusted decides whose repository this is", async () => {
  const { files } = await createFiles();
  const other = await MemoryRepository.create();
  const trusted = other.files.get("metadata/1.root.json") ?? Buffer.alloc(0);
  assert.match(
    problemsOf(files, trusted).join(),
    /1\.root\.json is not the trusted root: .* another project/,
  );
  await other.rotate("targets");
  const later = other.files.get("metadata/2.root.json") ?? Buffer.alloc(0);
  assert.match(problemsOf(files, later).join(), /version 2, which the repository does not have/);
  assert.match(problemsOf(files, Buffer.from("{}")).join(), /trusted root cannot be used/);
});

test("a channel that lists what its metadata do not have, or the other way round, is found", async () => {
  const { repository } = await createFiles();
  const channel = repository.channels.get("stable");
  assert.ok(channel);
  channel.document = { ...channel.document, releases: channel.document.releases.slice(0, 1) };
  await repository.publish();
  assert.match(
    problemsOf(repository.files).join("\n"),
    /stable: has files of 1\.0, which is not among its releases/,
  );

  const { repository: other } = await createFiles();
  const targets = other.channels.get("stable")?.targets ?? {};
  delete targets["stable/minimal_1.0.manifest.json"];
  await other.publish();
  assert.match(problemsOf(other.files).join("\n"), /stable: lists 1\.0, but has no manifest of it/);
});

test("one version with different bytes in two channels is found", async () => {
  const { repository } = await createFiles();
  repository.addRelease("testing", "1.0", { uki: Buffer.from("another kernel") });
  await repository.publish();
  assert.match(
    problemsOf(repository.files).join("\n"),
    /minimal_1\.0\.efi has other bytes in "testing" than in "stable"/,
  );
});

test("what nothing names is a warning; checksums that lag behind are one too", async () => {
  const { files } = await createFiles();
  files.set("metadata/9.snapshot.json", Buffer.from("{}"));
  files.set(`targets/stable/${"00".repeat(32)}.minimal_0.9.efi`, Buffer.from("old"));
  files.set("index.html", Buffer.from("mine"));
  edit(files, /SHA256SUMS$/, files.get("targets/stable/SHA256SUMS")?.toString().split("\n")[0] ?? "", "");
  edit(files, /SHA256SUMS$/, "\n", "");
  const { problems, warnings } = verifyRepository(toFacts(files), { now: NOW });
  assert.deepEqual(problems, []);
  assert.deepEqual(warnings, [
    'stable: stable/SHA256SUMS lags behind the signed metadata: run publish or "repository renew" again',
    "nothing names metadata/9.snapshot.json",
    `nothing names targets/stable/${"00".repeat(32)}.minimal_0.9.efi`,
    "nothing names index.html",
  ]);
});
