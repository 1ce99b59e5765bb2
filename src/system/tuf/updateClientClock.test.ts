import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryRepository } from "#trust/memoryRepository.fixture.ts";

import { createUpdatingMachine } from "./updatingMachine.fixture.ts";

const IN_1970 = new Date("1970-01-01T00:01:00Z");
const IN_2050 = new Date("2050-01-01T00:00:00Z");

test("a machine whose clock says 1970 updates, and says that its clock is behind", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  machine.now = IN_1970;
  const { clock } = await machine.refresh();
  assert.equal(clock.behind, true);
  assert.equal(clock.system, IN_1970);
  assert.equal(clock.used.toISOString(), "2026-11-22T12:00:00.000Z", "when the timestamp metadata was made");
  await machine.update();
});

test("a machine that is right is not called behind", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  machine.now = new Date("2026-11-23T00:00:00Z");
  const { clock } = await machine.refresh();
  assert.deepEqual([clock.behind, clock.used], [false, machine.now]);
});

test("what expired before its image was made is refused even in 1970", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  machine.now = IN_1970;
  machine.notBefore = new Date("2026-12-01T00:00:00Z");
  const error = await machine.refuses("freeze-attack", { recovers: false });
  assert.match(error.hint ?? "", /1970-01-01T00:01:00Z; 2026-12-01T00:00:00Z was used/);
});

test("in 1970, metadata cannot be older than what was trusted before", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  await machine.update();
  // The project goes on for a month; the machine sees that and loses its clock.
  repository.now = new Date("2026-12-22T12:00:00Z");
  await repository.publish();
  machine.now = repository.now;
  await machine.update();
  machine.now = IN_1970;
  assert.equal((await machine.refresh()).clock.used.toISOString(), "2026-12-22T12:00:00.000Z");
  // With a stolen timestamp key the version can be made to fit: the time that was seen still counts.
  await repository.writeTimestamp({ expires: "2026-12-22T11:00:00Z", issued: "2026-12-15T11:00:00Z" });
  await machine.refuses("freeze-attack", { recovers: false });
});

test("a clock that says 2050 makes everything look expired; the error says what both clocks say", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  await machine.update();
  machine.now = IN_2050;
  const error = await machine.refuses("root-expired", { recovers: false });
  assert.match(error.hint ?? "", /This machine's clock says 2050-01-01T00:00:00Z\./);
  assert.match(error.hint ?? "", /The server's clock, which nobody vouches for, says \d{4}-/);
  assert.match(error.hint ?? "", /If this machine's clock is wrong, set it/);
  machine.now = repository.now;
  await machine.update();
});

test("a time in the future that a stolen timestamp key vouched for is forgotten when that key is replaced", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  const versions = { ...repository.versions };
  repository.days.root = repository.days.snapshot = repository.days.targets = 9000;
  await repository.rotate("root");
  await repository.publish();
  await repository.writeTimestamp({ issued: "2040-01-01T00:00:00Z", expires: "2041-01-01T00:00:00Z" });
  const stolen = await machine.refresh();
  assert.equal(stolen.clock.used.getUTCFullYear(), 2040);
  Object.assign(repository.days, { root: 365, snapshot: 30, targets: 90 });
  Object.assign(repository.versions, { timestamp: versions.timestamp + 2 });
  await repository.publish();
  await machine.refuses("freeze-attack", { recovers: false });
  await repository.rotate("timestamp");
  await repository.publish();
  assert.equal((await machine.refresh()).clock.used.getUTCFullYear(), 2026);
});

test("timestamp metadata of other tools, without the time they were made, will do", async () => {
  const repository = await MemoryRepository.create();
  await using machine = await createUpdatingMachine(repository);
  for (const issued of ["", "yesterday", "2026-13-45T99:00:00Z"]) {
    await repository.writeTimestamp({ issued });
    machine.now = IN_1970;
    assert.deepEqual((await machine.refresh()).clock.used, machine.notBefore);
  }
});
