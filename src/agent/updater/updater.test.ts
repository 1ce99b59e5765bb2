import assert from "node:assert/strict";
import { test } from "node:test";

import { ConnectError } from "@connectrpc/connect";

import { makeTestRelease, type TestRelease } from "#boot/updateRelease.fixture.ts";
import type { HealthReport } from "#health/healthReport.ts";
import { ErrorDetailSchema } from "#protocol/gen/socle/v1/machine_pb.ts";
import { Phase, UpdateOutcome } from "#protocol/gen/socle/v1/update_pb.ts";
import { dripping, endless, truncatedAt, type Answer } from "#system/tuf/memoryServer.fixture.ts";

import { MemoryUpdaterMachine } from "./memoryUpdaterMachine.fixture.ts";
import { follow, publishRelease, publishReleases, startTestUpdater } from "./testUpdater.fixture.ts";

const V10 = makeTestRelease("1.0.0");
const V11 = makeTestRelease("1.1.0");
const V12 = makeTestRelease("1.2.0");
const ALL = [V10, V11, V12];
const REPOSITORY = await publishReleases([V10, V11]);

const fresh = (capacityBytes?: number) =>
  new MemoryUpdaterMachine(V10, { slots: { A: V10 }, entries: { "minimal_1.0.0.efi": V10 } }, capacityBytes);
const updated = () =>
  new MemoryUpdaterMachine(V11, {
    slots: { A: V10, B: V11 },
    entries: { "minimal_1.0.0.efi": V10, "minimal_1.1.0.efi": V11 },
  });

/** Whatever went wrong: what ran before still boots, and is all there is. */
async function assertUntouched(machine: MemoryUpdaterMachine): Promise<void> {
  assert.equal(machine.reboots, 0);
  assert.deepEqual(
    (await machine.listEntries()).filter((name) => !name.endsWith(".part")),
    ["minimal_1.0.0.efi"],
  );
}

async function waitFor(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 400, "it did not come about in four seconds");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const hasCode = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ConnectError, String(error));
  const details = error.findDetails(ErrorDetailSchema);
  assert.deepEqual(
    details.map((detail) => detail.code),
    [code],
    error.message,
  );
  return true;
};

test("an update is staged step by step, restarts the machine, and is found good", async () => {
  const machine = fresh();
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
  const { client } = updater;
  assert.equal((await client.getUpdateState({})).phase, Phase.IDLE);
  const { steps, phases, finished, events } = await follow(client.applyUpdate({ target: {}, reboot: true }));
  assert.deepEqual(steps, [
    "resolve",
    "mark-slot",
    "write-slot",
    "verify-slot",
    "name-slot",
    "write-uki",
    "reboot",
  ]);
  assert.deepEqual(phases, [Phase.DOWNLOADING, Phase.STAGED]);
  assert.equal(finished.outcome, UpdateOutcome.REBOOTING, finished.message);
  assert.equal(finished.version, "1.1.0");
  assert.equal(machine.reboots, 1);
  assert.equal(updater.world.kept, undefined);
  const [first] = events;
  assert.equal(first?.event.case === "started" && first.event.value.caller, "developer");
  const sequences = events.map(({ sequence }) => sequence);
  assert.ok(sequences.every((sequence, index) => index === 0 || sequence > (sequences[index - 1] ?? 0n)));

  assert.equal(await machine.boot(ALL), "1.1.0");
  const state = await client.getUpdateState({});
  assert.equal(state.phase, Phase.CONFIRMED);
  assert.equal(state.wayBackVersion, "1.0.0");
  const again = await follow(client.applyUpdate({ target: {}, reboot: true }));
  assert.equal(again.finished.outcome, UpdateOutcome.UP_TO_DATE);
});

test("progress says how much is right on the disk, and ends at all of it", async () => {
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine: fresh() });
  const { events } = await follow(updater.client.applyUpdate({ target: {} }));
  const reports = events.flatMap(({ event }) => (event.case === "progress" ? [event.value] : []));
  for (const kind of ["write-slot", "verify-slot", "write-uki"]) {
    const last = reports.findLast((report) => report.kind === kind);
    assert.ok(last !== undefined && last.doneBytes === last.totalBytes && last.totalBytes > 0n, kind);
  }
});

const REFUSALS: readonly [gate: string, prepare: (machine: MemoryUpdaterMachine) => void, policy?: object][] =
  [
    ["hold", (machine) => (machine.hold = { reason: "fair", since: "2026-11-01T00:00:00Z" })],
    ["pin", () => undefined, { pin: "1.1.0" }],
    ["floor", () => undefined, { floor: "9" }],
    ["space", (machine) => (machine.freeStateBytes = 10)],
  ];

for (const [gate, prepare, policy = {}] of REFUSALS) {
  test(`a closed gate "${gate}" refuses the update before anything is written`, async () => {
    const machine = fresh();
    prepare(machine);
    await using updater = await startTestUpdater({
      repository: await publishReleases([V10, V11, V12]),
      machine,
    });
    updater.world.policy = { ...updater.world.policy, ...policy };
    const { finished, steps } = await follow(
      updater.client.applyUpdate({ target: { version: "1.2.0" }, reboot: true }),
    );
    assert.equal(finished.outcome, UpdateOutcome.REFUSED);
    assert.deepEqual(
      finished.gates.map(({ name }) => name),
      [gate],
    );
    assert.deepEqual(steps, ["resolve"]);
    await assertUntouched(machine);
    assert.equal((await updater.client.getUpdateState({})).phase, Phase.IDLE);
  });
}

test("a release that is too big for its slot, and an ESP that is full, are refused before anything is written", async () => {
  const big = makeTestRelease("1.1.0", "big", undefined);
  const cases: [gate: string, machine: MemoryUpdaterMachine, release: TestRelease][] = [
    ["slot-size", fresh(), { ...big, images: { ...big.images, "root-signature": Buffer.alloc(64 * 4096) } }],
    ["boot-folder-space", fresh(V10.images.uki.length + 10), V11],
  ];
  for (const [gate, machine, release] of cases) {
    await using updater = await startTestUpdater({ repository: await publishReleases([release]), machine });
    const { finished } = await follow(updater.client.applyUpdate({ target: {} }));
    assert.equal(finished.outcome, UpdateOutcome.REFUSED, finished.message);
    assert.deepEqual(
      finished.gates.map(({ name }) => name),
      [gate],
    );
    await assertUntouched(machine);
  }
});

test("another system's channel is refused", async () => {
  const machine = fresh();
  await using updater = await startTestUpdater({
    repository: await publishReleases([V11], "kiosk"),
    machine,
  });
  const { finished } = await follow(updater.client.applyUpdate({ target: {} }));
  assert.equal(finished.outcome, UpdateOutcome.FAILED);
  assert.equal(finished.code, "other-project");
  await assertUntouched(machine);
});

const findPath = (suffix: string) =>
  [...REPOSITORY.files.keys()].find((path) => path.includes("_1.1.0") && path.endsWith(suffix)) ?? "";
const flipped = (suffix: string) => {
  const bytes = Buffer.from(REPOSITORY.files.get(findPath(suffix)) ?? "");
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return bytes;
};

const BAD_SERVERS: readonly [
  what: string,
  suffix: string,
  code: RegExp,
  answer: Answer | Buffer | undefined,
][] = [
  ["a truncated root", ".root", /^download-truncated$/, truncatedAt(V11.images.root, 5000)],
  ["a root that drips", ".root", /^server-too-slow$/, dripping],
  ["a root without an end", ".root", /^(image-tampered|endless-data)$/, endless],
  ["a changed root", ".root", /^image-tampered$/, flipped(".root")],
  ["a changed kernel image", ".efi", /^image-tampered$/, flipped(".efi")],
  ["a kernel image that is not there", ".efi", /^server-error$/, undefined],
  ["a manifest without an end", ".manifest.json", /^endless-data$/, endless],
  ["a manifest that drips", ".manifest.json", /^server-too-slow$/, dripping],
];

for (const [what, suffix, code, answer] of BAD_SERVERS) {
  test(`${what} fails the update with its code, loses nothing, and asking again finishes it`, async () => {
    const machine = fresh();
    await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
    updater.server.instead.set(findPath(suffix), answer);
    if (answer === dripping) updater.limits.windowMs = 150;
    const { finished } = await follow(updater.client.applyUpdate({ target: {}, reboot: true }));
    assert.equal(finished.outcome, UpdateOutcome.FAILED);
    assert.match(finished.code, code, finished.message);
    updater.limits.windowMs = 5000;
    assert.notEqual(finished.message, "");
    await assertUntouched(machine);
    assert.equal(updater.world.kept, undefined);
    updater.server.instead.clear();
    const again = await follow(updater.client.applyUpdate({ target: {} }));
    assert.equal(again.finished.outcome, UpdateOutcome.STAGED, again.finished.message);
  });
}

test("a server that is not there fails the update, and is a closed gate where it is asked why", async () => {
  const machine = fresh();
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
  const target = { repositoryUrl: "http://127.0.0.1:9/" };
  const { finished } = await follow(updater.client.applyUpdate({ target }));
  assert.equal(finished.code, "server-unreachable");
  const { gates, release } = await updater.client.explainUpdate({ target });
  assert.equal(gates.find(({ name }) => name === "network")?.open, false);
  assert.equal(release, undefined);
  await assert.rejects(updater.client.planUpdate({ target }), hasCode("server-unreachable"));
  await assertUntouched(machine);
});

test("with its clock in 1970 a machine updates; in 2050 it is refused with a hint at the clock", async () => {
  for (const [now, outcome] of [
    ["1970-01-01T00:00:00Z", UpdateOutcome.STAGED],
    ["2050-01-01T00:00:00Z", UpdateOutcome.FAILED],
  ] as const) {
    const machine = fresh();
    await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
    updater.clock.now = new Date(now);
    const { finished } = await follow(updater.client.applyUpdate({ target: {} }));
    assert.equal(finished.outcome, outcome, finished.message);
    if (outcome === UpdateOutcome.FAILED) assert.match(finished.hint, /This machine's clock says 2050/);
  }
});

test("an updater that dies in the middle of a slot goes on with what it was asked for, and fetches only the rest", async () => {
  const machine = fresh();
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
  let writes = 0;
  let kept: string | undefined;
  machine.beforeWrite = () => {
    if (++writes < 8) return;
    kept = updater.world.kept;
    throw new Error("this process is dead");
  };
  const dead = await follow(updater.client.applyUpdate({ target: {}, reboot: true }));
  assert.equal(dead.finished.code, "update-failed");
  assert.doesNotMatch(dead.finished.message, /dead/, "what was not expected is for the log only");
  assert.ok(dead.steps.includes("write-slot"));
  await updater.running.close();

  machine.beforeWrite = () => undefined;
  updater.world.kept = kept;
  const askedBefore = updater.server.asked.length;
  await updater.restart();
  await updater.running.started;
  assert.equal(machine.reboots, 1);
  assert.equal(updater.world.kept, undefined);
  assert.deepEqual(await machine.listEntries(), ["minimal_1.0.0.efi", "minimal_1.1.0+3-0.efi"]);
  const asked = updater.server.asked.slice(askedBefore).filter((path) => path.includes(".signature"));
  assert.deepEqual(asked, [], "the signature was there already");
});

test("an updater that is stopped takes its request up again, and no reader waits for ever", async () => {
  const machine = fresh();
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
  updater.server.instead.set(findPath(".root"), dripping);
  const reading = follow(updater.client.applyUpdate({ target: {} })).then(
    () => "it ended well",
    (error: unknown) => String(error),
  );
  await new Promise((resolve) => setTimeout(resolve, 60));
  await updater.running.close();
  assert.match(await reading, /unavailable.*the updater ends/);
  assert.notEqual(updater.world.kept, undefined);
  updater.server.instead.clear();
  await updater.restart();
  await updater.running.started;
  assert.deepEqual(await machine.listEntries(), ["minimal_1.0.0.efi", "minimal_1.1.0+3-0.efi"]);
});

test("one operation runs at a time; who goes away stops watching, not the update; cancelling stops it", async () => {
  const machine = fresh();
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
  updater.server.instead.set(findPath(".root"), (_request, response) => {
    response.writeHead(206, { "content-range": `bytes 0-4095/${V11.images.root.length}` });
    response.write(V11.images.root.subarray(0, 4096));
  });
  const caller = new AbortController();
  const first = follow(updater.client.applyUpdate({ target: {} }, { signal: caller.signal })).catch(
    () => "gone",
  );
  const watching = [follow(watch()), follow(watch())];
  async function* watch() {
    for await (const part of updater.client.watchUpdates({})) {
      yield part;
      if (part.event?.event.case === "finished") return;
    }
  }
  await waitFor(() => updater.server.asked.some((path) => path.startsWith(findPath(".root"))));
  await assert.rejects(follow(updater.client.applyUpdate({ target: {} })), hasCode("update-running"));
  caller.abort();
  assert.equal(await first, "gone");
  assert.equal((await updater.client.getUpdateState({})).operation?.caller, "developer");
  assert.equal((await updater.client.cancelUpdate({})).cancelled, true);
  for (const watched of await Promise.all(watching)) {
    assert.equal(watched.finished.outcome, UpdateOutcome.CANCELLED);
    assert.ok(watched.steps.includes("write-slot"), "it had begun before they watched");
  }
  assert.equal((await updater.client.cancelUpdate({})).cancelled, false);
  await assertUntouched(machine);
});

test("a lock keeps a staged release from its restart, and says so", async () => {
  const machine = fresh();
  machine.locks = [{ name: "surgery", reason: "a patient is on the table" }];
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
  const { finished } = await follow(updater.client.applyUpdate({ target: {}, reboot: true }));
  assert.equal(finished.outcome, UpdateOutcome.STAGED);
  assert.deepEqual(
    finished.gates.map(({ name }) => name),
    ["lock"],
  );
  assert.equal(machine.reboots, 0);
});

test("a hold that was set stays until it is ended, and that of the configuration cannot be", async () => {
  const machine = fresh();
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
  const { client, world } = updater;
  assert.equal((await client.setHold({ held: true, reason: "exam week" })).hold?.reason, "exam week");
  assert.equal((await client.getUpdateState({})).hold?.reason, "exam week");
  assert.equal((await follow(client.applyUpdate({ target: {} }))).finished.outcome, UpdateOutcome.REFUSED);
  assert.equal((await client.setHold({ held: false })).hold, undefined);
  assert.equal((await follow(client.applyUpdate({ target: {} }))).finished.outcome, UpdateOutcome.STAGED);
  world.policy = { ...world.policy, hold: { reason: "the owner says so" } };
  assert.equal((await client.setHold({ held: false })).hold?.reason, "the owner says so");
});

const failedReport = (release: TestRelease): HealthReport => ({
  apiVersion: "socle/v1",
  kind: "HealthReport",
  bootId: "0f0f0f0f-0000-4000-8000-000000000000",
  version: release.release.version,
  rootHash: release.release.slot.rootHash,
  ukiSha256: release.release.uki.sha256,
  verdict: "fail",
  at: "2026-11-22T11:00:00Z",
  checks: [
    { name: "unit nginx.service", verdict: "fail", says: "it is failed" },
    { name: "space /var", verdict: "pass", says: "enough" },
  ],
  figures: { bootUs: 1, memoryBytes: 1, restarts: 0 },
  failedUnits: ["nginx.service"],
});

test("a release that failed is quarantined with its evidence, not tried again unless asked, and then forgiven", async () => {
  const machine = new MemoryUpdaterMachine(V10, {
    slots: { A: V10, B: V11 },
    entries: { "minimal_1.0.0.efi": V10, "minimal_1.1.0+0-3.efi": V11 },
  });
  machine.reports = [failedReport(V11)];
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
  const { client } = updater;
  const state = await client.getUpdateState({});
  assert.equal(state.phase, Phase.ROLLED_BACK);
  assert.equal(state.otherVersion, "1.1.0");
  const [record] = state.quarantined;
  assert.equal(record?.digest, V11.release.uki.sha256);
  assert.equal(record?.reason, "unit nginx.service: it is failed");
  assert.equal(record?.evidence[0]?.verdict, "fail");

  const refused = await follow(client.applyUpdate({ target: {}, reboot: true }));
  assert.deepEqual(
    refused.finished.gates.map(({ name }) => name),
    ["quarantine"],
  );
  const retried = await follow(client.applyUpdate({ target: { retryFailed: true }, reboot: true }));
  assert.equal(retried.finished.outcome, UpdateOutcome.REBOOTING);
  assert.equal(await machine.boot(ALL), "1.1.0");
  await updater.running.close();
  await updater.restart();
  await updater.running.started;
  assert.deepEqual((await updater.client.getUpdateState({})).quarantined, []);
});

test("one that never came to its health check says how often it was started", async () => {
  const machine = new MemoryUpdaterMachine(V10, {
    slots: { A: V10, B: V11 },
    entries: { "minimal_1.0.0.efi": V10, "minimal_1.1.0+0-3.efi": V11 },
  });
  await using _updater = await startTestUpdater({ repository: REPOSITORY, machine });
  assert.equal(machine.quarantine[0]?.reason, "it did not reach its health check in 3 starts");
});

test("a rollback starts the version before, puts the newer one behind it, and holds it back", async () => {
  const machine = updated();
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
  const { steps, finished } = await follow(updater.client.rollback({ reboot: true }));
  assert.deepEqual(steps, ["check-slot", "boot-once", "reboot"]);
  assert.equal(finished.outcome, UpdateOutcome.REBOOTING);
  assert.equal(finished.version, "1.0.0");
  assert.equal(await machine.boot(ALL), "1.0.0");
  await updater.running.close();
  await updater.restart();
  await updater.running.started;
  assert.deepEqual(await machine.listEntries(), ["minimal_1.0.0.efi", "minimal_1.1.0+0-0.efi"]);
  assert.match(machine.quarantine[0]?.reason ?? "", /taken back from it to 1\.0\.0/);
  assert.equal(await machine.boot(ALL), "1.0.0", "and stays there");
  const { finished: refused } = await follow(updater.client.applyUpdate({ target: {} }));
  assert.deepEqual(
    refused.gates.map(({ name }) => name),
    ["quarantine"],
  );

  const forth = await follow(updater.client.rollback({ reboot: true }));
  assert.deepEqual(forth.steps, ["check-slot", "count-anew", "reboot"]);
  assert.equal(await machine.boot(ALL), "1.1.0");
  await updater.running.close();
  await updater.restart();
  await updater.running.started;
  assert.deepEqual(await machine.listEntries(), ["minimal_1.0.0.efi", "minimal_1.1.0.efi"]);
  assert.deepEqual(machine.quarantine, []);
});

test("what is staged is taken back, and the running system stays", async () => {
  const machine = fresh();
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
  await follow(updater.client.applyUpdate({ target: {} }));
  const { finished } = await follow(updater.client.rollback({ reboot: true }));
  assert.equal(finished.outcome, UpdateOutcome.STAGED);
  assert.equal(finished.version, "1.0.0");
  await assertUntouched(machine);
  assert.equal(await machine.boot(ALL), "1.0.0");
});

test("while a boot is on trial a rollback goes back at once, and the newer one counts as failed", async () => {
  const machine = new MemoryUpdaterMachine(V10, {
    slots: { A: V10, B: V11 },
    entries: { "minimal_1.0.0.efi": V10, "minimal_1.1.0+3-0.efi": V11 },
  });
  assert.equal(await machine.boot(ALL, { isGood: false }), "1.1.0");
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine, waits: false });
  assert.equal((await updater.client.getUpdateState({})).phase, Phase.TRYING);
  const { steps, finished } = await follow(updater.client.rollback({ reboot: true }));
  assert.deepEqual(steps, ["check-slot", "boot-once", "reboot"]);
  assert.equal(finished.outcome, UpdateOutcome.REBOOTING);
  assert.equal(await machine.boot(ALL), "1.0.0");
  await updater.running.close();
  await updater.restart();
  await updater.running.started;
  assert.deepEqual(await machine.listEntries(), ["minimal_1.0.0.efi", "minimal_1.1.0+0-1.efi"]);
  assert.equal((await updater.client.getUpdateState({})).phase, Phase.ROLLED_BACK);
});

test("a rollback to nothing, or to a damaged slot, is refused", async () => {
  const alone = fresh();
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine: alone });
  const none = await follow(updater.client.rollback({ reboot: true }));
  assert.equal(none.finished.outcome, UpdateOutcome.REFUSED);
  assert.equal(none.finished.gates[0]?.name, "way-back");

  const damaged = new MemoryUpdaterMachine(V11, {
    slots: { A: V10, B: V11 },
    entries: { "minimal_1.0.0.efi": V10, "minimal_1.1.0.efi": V11 },
    damage: (disk, gpt) => {
      const root = gpt.partitions.find(({ number }) => number === 2);
      disk.fill("?", (root?.firstSector ?? 0) * 512, (root?.firstSector ?? 0) * 512 + 9);
    },
  });
  await using other = await startTestUpdater({ repository: REPOSITORY, machine: damaged });
  const { finished } = await follow(other.client.rollback({ reboot: true }));
  assert.equal(finished.outcome, UpdateOutcome.REFUSED);
  assert.match(finished.gates[0]?.says ?? "", /slot A.*damaged/);
  assert.equal(damaged.bootOnce, undefined);
});

test("a boot on trial is watched to its verdict, which everybody who watches is told", async () => {
  const machine = new MemoryUpdaterMachine(V10, {
    slots: { A: V10, B: V11 },
    entries: { "minimal_1.0.0.efi": V10, "minimal_1.1.0+3-0.efi": V11 },
  });
  await machine.boot(ALL, { isGood: false });
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine, waits: false });
  const verdict = (async () => {
    for await (const { event } of updater.client.watchUpdates({}))
      if (event?.event.case === "phase" && event.event.value.to !== Phase.TRYING) return event.event.value;
    return undefined;
  })();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await machine.bootFolder.rename("minimal_1.1.0+2-1.efi", "minimal_1.1.0.efi");
  assert.equal((await verdict)?.to, Phase.CONFIRMED);
});

test("what the policy says is done at the start, by name of the policy", async () => {
  for (const [mode, reboots] of [
    ["automatic", 1],
    ["download", 0],
    ["manual", 0],
  ] as const) {
    const machine = fresh();
    await using updater = await startTestUpdater({ repository: REPOSITORY, machine, mode });
    assert.equal(machine.reboots, reboots, mode);
    const entries = await machine.listEntries();
    assert.equal(entries.includes("minimal_1.1.0+3-0.efi"), mode !== "manual");
    assert.equal(updater.server.asked.length > 0, mode !== "manual");
    assert.equal(/"caller":"policy"/.test(updater.lines.join("\n")), mode !== "manual");
  }
});

test("an updater without work ends by itself; one with somebody who watches does not", async () => {
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine: fresh(), idleMs: 80 });
  const caller = new AbortController();
  const watching = follow(updater.client.watchUpdates({}, { signal: caller.signal })).catch(() => "gone");
  let hasEnded = false;
  void updater.running.ended.then(() => (hasEnded = true));
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.equal(hasEnded, false);
  caller.abort();
  assert.equal(await watching, "gone");
  await updater.running.ended;
});

test("a machine that others keep awake looks at its policy all the same", async () => {
  const machine = fresh();
  const repository = await publishReleases([V10]);
  await using updater = await startTestUpdater({ repository, machine, mode: "automatic", lookEveryMs: 40 });
  assert.equal(machine.reboots, 0);
  await publishRelease(repository, V11);
  await waitFor(() => machine.reboots === 1);
  await updater.running.close();
});

test("a plan says what would be fetched, written, lost, gone back to and changed, and writes nothing", async () => {
  const repository = await publishReleases([V10, V11]);
  await publishRelease(repository, V12, {
    packages: Buffer.from("openssl\t3.5.2-1\tamd64\topenssl\nzlib1g\t1:1.3\tamd64\tzlib (1.3)\n"),
    contents: Buffer.from(
      `${["a.service", "b.service"].map((name) => JSON.stringify({ path: `/usr/lib/systemd/system/${name}`, type: "file", mode: 420, uid: 0, gid: 0, sizeBytes: 1, sha256: "00" })).join(",\n")}\n`,
    ),
  });
  const machine = updated();
  await using updater = await startTestUpdater({
    repository,
    machine,
    files: {
      "/usr/lib/sysimage/dpkg/status":
        "Package: openssl\nStatus: install ok installed\nVersion: 3.5.1-1\nArchitecture: amd64\n\nPackage: nano\nStatus: install ok installed\nVersion: 8\nArchitecture: amd64\n",
    },
  });
  const plan = await updater.client.planUpdate({ target: {} });
  assert.equal(plan.runningVersion, "1.1.0");
  assert.equal(plan.release?.version, "1.2.0");
  assert.deepEqual(
    plan.steps.map(({ kind }) => kind),
    ["make-unbootable", "mark-slot", "write-slot", "verify-slot", "name-slot", "write-uki", "reboot"],
  );
  assert.ok(plan.steps.every(({ says }) => says.length > 5));
  const { rootBytes, verityBytes, signatureBytes } = V12.release.slot;
  assert.equal(plan.fetchBytes, BigInt(rootBytes + verityBytes + signatureBytes + V12.images.uki.length));
  assert.equal(plan.lostVersion, "1.0.0");
  assert.equal(plan.wayBackVersion, "1.1.0");
  assert.equal(plan.needsReboot, true);
  assert.deepEqual(
    plan.packages.map(({ name, from, to }) => [name, from, to]),
    [
      ["nano", "8", ""],
      ["openssl", "3.5.1-1", "3.5.2-1"],
      ["zlib1g", "", "1:1.3"],
    ],
  );
  assert.deepEqual(
    plan.units.map(({ name, change }) => [name, change]),
    [
      ["a.service", "added"],
      ["b.service", "added"],
    ],
  );
  assert.deepEqual(await machine.listEntries(), ["minimal_1.0.0.efi", "minimal_1.1.0.efi"]);
});

test("of what is in the slot already nothing is planned to be fetched again", async () => {
  const machine = fresh();
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine });
  let writes = 0;
  machine.beforeWrite = () => {
    if (++writes === 8) throw new Error("enough");
  };
  await follow(updater.client.applyUpdate({ target: {} }));
  machine.beforeWrite = () => undefined;
  const { fetchBytes, steps } = await updater.client.planUpdate({ target: {} });
  assert.equal(steps[0]?.kind, "write-slot");
  const { rootBytes, verityBytes, signatureBytes } = V11.release.slot;
  const all = BigInt(rootBytes + verityBytes + signatureBytes + V11.images.uki.length);
  assert.ok(fetchBytes < all, `${fetchBytes} of ${all}`);
});

test("every gate is told, with those that need a release not looked at where there is none", async () => {
  await using updater = await startTestUpdater({ repository: REPOSITORY, machine: fresh() });
  const { gates, release, upToDate } = await updater.client.explainUpdate({ target: {} });
  assert.equal(release?.version, "1.1.0");
  assert.equal(upToDate, false);
  const closed = gates.filter(({ open }) => !open);
  assert.deepEqual(
    closed.map(({ name, automaticOnly }) => [name, automaticOnly]),
    [["policy", true]],
  );
  const { repository: _, ...others } = updater.world.policy;
  updater.world.policy = others;
  const none = await updater.client.explainUpdate({ target: {} });
  assert.ok(none.gates.some(({ name, open }) => name === "channel" && !open));
  assert.ok(none.gates.some(({ name, lookedAt }) => name === "slot-size" && !lookedAt));
  await assert.rejects(updater.client.planUpdate({ target: {} }), hasCode("no-repository"));
});
