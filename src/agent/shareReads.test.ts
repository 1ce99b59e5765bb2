import assert from "node:assert/strict";
import { test } from "node:test";

import { shareReads } from "./shareReads.ts";

/** Readings end when the test says so; each gives its number. */
function prepareReads() {
  const readings: PromiseWithResolvers<number>[] = [];
  const read = shareReads(() => {
    const reading = Promise.withResolvers<number>();
    readings.push(reading);
    return reading.promise;
  });
  const end = async (index: number) => {
    readings[index]?.resolve(index);
    await new Promise(setImmediate);
  };
  return { readings, read, end };
}

test("those that ask while a reading is under way share the next one, and one runs at a time", async () => {
  const { readings, read, end } = prepareReads();
  const first = read();
  const others = [read(), read(), read()];
  assert.equal(readings.length, 1);
  await end(0);
  assert.equal(readings.length, 2, "the next one began when the first had ended");
  const late = read();
  assert.equal(await first, 0);
  await end(1);
  assert.deepEqual(await Promise.all(others), [1, 1, 1]);
  assert.equal(readings.length, 3, "who asked during the second gets the third");
  await end(2);
  assert.equal(await late, 2);
});

test("nothing is kept: who asks after a reading has ended gets a new one", async () => {
  const { read, end } = prepareReads();
  for (const index of [0, 1, 2]) {
    const answer = read();
    await end(index);
    assert.equal(await answer, index);
  }
});

test("a reading that fails fails for those who shared it, and for nobody else", async () => {
  const { readings, read, end } = prepareReads();
  const first = read();
  const second = read();
  readings[0]?.reject(new Error("no disk"));
  await assert.rejects(first, /no disk/);
  await end(1);
  assert.equal(await second, 1);
  const third = read();
  await end(2);
  assert.equal(await third, 2);
});
