import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import {
  digestPackages,
  encodeLock,
  findLockChanges,
  type Lock,
  LockError,
  type LockedPackage,
  type LockRequest,
  parseLock,
  verifyLockIsFresh,
} from "./lock.ts";
import { parseSha256 } from "./sha256.ts";

const BASH: LockedPackage = {
  name: "bash",
  version: "5.2.37-2+b10",
  architecture: "amd64",
  archive: "debian",
  path: "pool/main/b/bash/bash_5.2.37-2+b10_amd64.deb",
  sizeBytes: 1_500_792,
  sha256: parseSha256("2f".repeat(32)),
};
const APT: LockedPackage = {
  ...BASH,
  name: "apt",
  version: "1:3.0.4~rc1",
  archive: "debian-security",
  path: "pool/updates/main/a/apt/apt_3.0.4~rc1_amd64.deb",
  sha256: parseSha256("15".repeat(32)),
};
const REQUEST: LockRequest = {
  suite: "trixie",
  components: ["main"],
  architecture: "amd64",
  packages: ["apt", "bash"],
  tools: ["erofs-utils"],
};
const LOCK: Lock = { request: REQUEST, packages: [APT, BASH], tools: [BASH] };

test("a lock is read as it was written", () => {
  assert.deepEqual(parseLock(encodeLock(LOCK), "system.lock.json"), LOCK);
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,20}$/);
  const locked = fc.record(
    {
      name,
      version: fc.string({ minLength: 1 }),
      architecture: fc.constantFrom("amd64", "all"),
      archive: fc.constantFrom("debian" as const, "debian-security" as const),
      path: name.map((part) => `pool/main/${part}.deb`),
      sizeBytes: fc.integer({ min: 1 }),
      sha256: fc.stringMatching(/^[0-9a-f]{64}$/).map(parseSha256),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(locked), fc.array(locked), fc.array(name), (packages, tools, names) => {
      const lock: Lock = { request: { ...REQUEST, packages: names }, packages, tools };
      assert.deepEqual(parseLock(encodeLock(lock), "x"), lock);
    }),
  );
});

test("each package is one line, so that a version control system shows what changed", () => {
  const lines = encodeLock(LOCK).split("\n");
  const next = encodeLock({ ...LOCK, packages: [APT, { ...BASH, version: "5.3" }] }).split("\n");
  assert.equal(lines.length, next.length);
  assert.equal(lines.filter((line, index) => line !== next[index]).length, 1);
  assert.equal(encodeLock(LOCK).at(-1), "\n");
});

const MALFORMED: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ["half of one", encodeLock(LOCK).slice(0, 300), /it is not JSON/],
  ["nothing", "", /it is not JSON/],
  ["another document", `{"apiVersion":"socle/v1","kind":"ReleaseManifest"}`, /at kind/],
  ["a later version", encodeLock(LOCK).replace("socle/v1", "socle/v2"), /at apiVersion/],
  ["an unknown key", encodeLock(LOCK).replace('"request"', '"mirror": "x",\n  "request"'), /mirror/],
  ["a digest that is none", encodeLock(LOCK).replaceAll("15".repeat(32), "15"), /at packages\[0\]\.sha256/],
  [
    "a path out of the pool",
    encodeLock(LOCK).replaceAll('"pool/main', '"/etc/../pool'),
    /at packages\[1\]\.path/,
  ],
  ["a path to no package", encodeLock(LOCK).replaceAll("_amd64.deb", "_amd64.sh"), /at packages\[0\]\.path/],
  [
    "an archive of its own",
    encodeLock(LOCK).replaceAll('"debian-security"', '"elsewhere"'),
    /at packages\[0\]\.archive/,
  ],
  ["a package without bytes", encodeLock(LOCK).replaceAll("1500792", "0"), /at packages\[0\]\.sizeBytes/],
];

for (const [what, text, message] of MALFORMED) {
  test(`a lock that is ${what} is refused with its file's name`, () => {
    assert.throws(
      () => parseLock(text, "my.lock.json"),
      (error) =>
        error instanceof LockError &&
        error.code === "lock-malformed" &&
        error.message.startsWith('Cannot read lock "my.lock.json"') &&
        message.test(error.message),
    );
  });
}

const CHANGES: readonly (readonly [change: Partial<LockRequest>, sentences: readonly string[]])[] = [
  [{}, []],
  [{ suite: "forky" }, ['suite: locked for "trixie", now "forky"']],
  [{ architecture: "arm64" }, ['architecture: locked for "amd64", now "arm64"']],
  [{ components: ["main", "non-free"] }, ['component "non-free" was added']],
  [{ packages: ["bash", "htop"] }, ['package "htop" was added', 'package "apt" was removed']],
  [{ packages: ["bash", "apt"] }, []],
  [{ tools: [] }, ['build tool "erofs-utils" was removed']],
];

for (const [change, sentences] of CHANGES) {
  test(`a definition with ${JSON.stringify(change)} finds: ${sentences.join(", ") || "nothing changed"}`, () => {
    const wanted = { ...REQUEST, ...change };
    assert.deepEqual(findLockChanges(REQUEST, wanted), sentences);
    if (sentences.length === 0) verifyLockIsFresh(LOCK, wanted, "x");
    else {
      assert.throws(
        () => verifyLockIsFresh(LOCK, wanted, "x"),
        (error) =>
          error instanceof LockError &&
          error.code === "lock-stale" &&
          sentences.every((line) => error.message.includes(line)),
      );
    }
  });
}

test("the digest of packages names their bytes and their order, not their place", () => {
  assert.equal(
    digestPackages([APT, BASH]),
    digestPackages([{ ...APT, path: "pool/elsewhere.deb", archive: "debian" }, BASH]),
  );
  assert.notEqual(digestPackages([APT, BASH]), digestPackages([APT, { ...BASH, sha256: APT.sha256 }]));
  assert.notEqual(digestPackages([APT, BASH]), digestPackages([APT]));
});
