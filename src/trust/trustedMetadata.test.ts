import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeCanonicalJson } from "#release/canonicalJson.ts";

import { everyBit, findAcceptedFlips, flipBit } from "./flipBit.fixture.ts";
import { MemoryRepository } from "./memoryRepository.fixture.ts";
import type { MachineClock } from "./referenceTime.ts";
import { findTarget, trustChannelRole } from "./trustedChannel.ts";
import {
  recallTimestamp,
  trustNextRoot,
  trustRoot,
  trustSnapshot,
  trustTargets,
  trustTimestamp,
} from "./trustedMetadata.ts";
import { UpdateError } from "./updateError.ts";

const CLOCK: MachineClock = {
  system: new Date("2026-11-23T00:00:00Z"),
  notBefore: new Date("2026-10-01T00:00:00Z"),
};

/** The whole workflow over a repository's files, some of them replaced. */
function follow(
  repository: MemoryRepository,
  replaced: ReadonlyMap<string, Uint8Array> = new Map(),
  clock = CLOCK,
) {
  const read = (name: string): Uint8Array => replaced.get(name) ?? repository.files.get(`metadata/${name}`)!;
  const root = trustNextRoot(trustRoot(read("1.root.json"), clock), read("2.root.json"));
  const { trusted: timestamp } = trustTimestamp(root, read("timestamp.json"));
  const targets = trustTargets(trustSnapshot(timestamp, read("1.snapshot.json")), read("1.targets.json"));
  return { targets, channel: trustChannelRole(targets, "stable", read("1.stable.json")) };
}

async function createRepository(): Promise<MemoryRepository> {
  const repository = new MemoryRepository();
  await repository.writeRoot();
  await repository.rotate("snapshot");
  repository.addRelease("stable", "1.0");
  await repository.publish();
  return repository;
}

/** The signed part in one form whatever its spaces and the order of its members. */
function toSigned(bytes: Uint8Array): string {
  return encodeCanonicalJson((JSON.parse(Buffer.from(bytes).toString()) as { signed: unknown }).signed);
}

const repository = await createRepository();

function bytesOf(name: string): Uint8Array {
  return repository.files.get(`metadata/${name}`)!;
}

function reachRoot() {
  return trustNextRoot(trustRoot(bytesOf("1.root.json"), CLOCK), bytesOf("2.root.json"));
}
function reachTimestamp() {
  return trustTimestamp(reachRoot(), bytesOf("timestamp.json")).trusted;
}
function reachSnapshot() {
  return trustSnapshot(reachTimestamp(), bytesOf("1.snapshot.json"));
}
function reachTargets() {
  return trustTargets(reachSnapshot(), bytesOf("1.targets.json"));
}

/** A step over changed bytes: what it starts from is as before when they are refused, and made anew when they are not. */
function fresh<T>(
  reach: () => T,
  step: (reached: T, changed: Uint8Array) => unknown,
): (changed: Uint8Array) => void {
  let reached = reach();
  return (changed) => {
    step(reached, changed);
    reached = reach();
  };
}

/** Every how many bits one is changed; a prime, so that it is each of the eight in turn. */
const FILES: readonly [name: string, stride: number, step: (changed: Uint8Array) => void][] = [
  ["1.root.json", 11, (changed) => void trustRoot(changed, CLOCK)],
  ["2.root.json", 11, fresh(() => trustRoot(bytesOf("1.root.json"), CLOCK), trustNextRoot)],
  ["timestamp.json", 1, fresh(reachRoot, trustTimestamp)],
  ["1.snapshot.json", 1, fresh(reachTimestamp, trustSnapshot)],
  ["1.targets.json", 1, fresh(reachSnapshot, trustTargets)],
  [
    "1.stable.json",
    1,
    fresh(reachTargets, (targets, changed) => trustChannelRole(targets, "stable", changed)),
  ],
];

for (const [name, stride, step] of FILES) {
  test(`${stride === 1 ? "every bit" : `one bit in ${stride}`} of ${name} counts, or changes nothing that is said`, () => {
    const bytes = bytesOf(name);
    const bits = [...everyBit(bytes)].filter((bit) => bit % stride === 0);
    const accepted = findAcceptedFlips(bytes, bits, step, (error) => error instanceof UpdateError);
    for (const bit of accepted)
      assert.equal(toSigned(flipBit(bytes, bit)), toSigned(bytes), `bit ${bit} changes what is signed`);
    // In a signature, lower-case and upper-case digits are the same; blanks are, between members. Where the
    // digest of the file is known, not even these may change.
    assert.ok(
      accepted.length < bits.length / 10,
      `${accepted.length} of ${bits.length} flips change nothing`,
    );
    if (/^1\.(snapshot|targets|stable)/.test(name)) assert.deepEqual(accepted, []);
  });
}

test("expiry is judged by the time that is given, not by the clock of this machine", () => {
  const expiry = "2026-11-29T12:00:00Z";
  const just = { ...CLOCK, system: new Date("2026-11-29T11:59:59Z") };
  assert.deepEqual(follow(repository, undefined, just).targets.time.used, just.system);
  const late = { ...CLOCK, system: new Date(expiry) };
  assert.throws(() => follow(repository, undefined, late), {
    code: "freeze-attack",
    message: new RegExp("timestamp"),
  });
  // tuf-js would take its own clock, which is years away from this one.
  const past = { system: new Date("2026-11-23T00:00:00Z"), notBefore: new Date(0) };
  const { targets } = follow(repository, undefined, past);
  assert.deepEqual(targets.store["referenceTime"], past.system);
});

test("the time of the newest timestamp metadata is a lower bound at once", async () => {
  const future = await createRepository();
  await future.writeTimestamp({ issued: "2026-12-25T00:00:00Z", expires: "2027-01-01T00:00:00Z" });
  // The snapshot would be good for a week more by the machine's clock.
  assert.throws(() => follow(future), { code: "freeze-attack", message: /snapshot/ });
});

test("timestamp metadata of replaced keys bound nothing", () => {
  const root = () => trustRoot(repository.files.get("metadata/1.root.json")!, CLOCK);
  const kept = repository.files.get("metadata/timestamp.json")!;
  assert.notEqual(recallTimestamp(root(), kept), undefined);
  for (const damaged of [
    Buffer.alloc(0),
    Buffer.from("{}"),
    flipBit(kept, 8 * kept.indexOf("snapshot")),
    repository.files.get("metadata/1.snapshot.json")!,
  ])
    assert.equal(recallTimestamp(root(), damaged), undefined);
});

test("names of an object's own members are not files of a channel", () => {
  const { channel } = follow(repository);
  for (const name of ["constructor", "__proto__", "toString", "", "../stable/channel.json"])
    assert.equal(findTarget(channel, name), undefined);
  assert.equal(findTarget(channel, "minimal_1.0.efi")?.kind, "uki");
});

test("a step that was left out does not compile", () => {
  const skips = [
    // @ts-expect-error The timestamp metadata are missing.
    () => trustSnapshot(reachRoot(), bytesOf("1.snapshot.json")),
    // @ts-expect-error The snapshot metadata are missing.
    () => trustTargets(reachTimestamp(), bytesOf("1.targets.json")),
    // @ts-expect-error The targets metadata are missing.
    () => trustChannelRole(reachSnapshot(), "stable", bytesOf("1.stable.json")),
    // @ts-expect-error The root cannot change under what was trusted by it.
    () => trustNextRoot(reachTimestamp(), bytesOf("2.root.json")),
  ];
  // Nor does it work for who forces it past the compiler.
  for (const skip of skips) assert.throws(skip);
});
