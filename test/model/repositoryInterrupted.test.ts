import { test } from "node:test";

import { INTERRUPTIONS, interruptEverywhere, type Ending } from "#system/interruptRepository.fixture.ts";

// One for every day; test/build/repository.test.ts has them all.
const TRIED: readonly (readonly [name: string, how: Ending])[] = [["a second release", "power-cut"]];

for (const [name, how] of TRIED) {
  test(`${name}, ${how} at every step: clients see what was or what was to be, and the next one succeeds`, async () => {
    await interruptEverywhere(INTERRUPTIONS[name]!, how); // one of the table's names
  });
}
