import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { after, test } from "node:test";
import { Worker } from "node:worker_threads";

import type { CrashSampling } from "./exploreCrashes.ts";
import type { ExploreJob, ExploreResult } from "./exploreWorker.ts";
import { SCENARIOS } from "./scenarios.ts";

/**
 * The real planning and performing code over a disk that loses and reorders what was not flushed, and a
 * FAT folder that loses what was not synced. With SOCLE_LONG_MODEL=1 it takes some minutes and looks at
 * many times more; SOCLE_MODEL_SEED=N draws others.
 */
const SEED = Number(process.env["SOCLE_MODEL_SEED"] ?? 1);
const SAMPLING: CrashSampling =
  process.env["SOCLE_LONG_MODEL"] === "1"
    ? { seed: SEED, firstLimit: 200, laterLimit: 40, laterShare: 1 }
    : { seed: SEED, firstLimit: 24, laterLimit: 10, laterShare: 0.77 };

const worker = new Worker(join(import.meta.dirname, "exploreWorker.ts"));
worker.unref();
after(async () => worker.terminate());

async function explore(job: ExploreJob): Promise<ExploreResult> {
  worker.postMessage(job);
  const [result] = (await once(worker, "message")) as [ExploreResult]; // what the worker posts
  return result;
}

let states = 0;

for (const scenario of Object.keys(SCENARIOS)) {
  test(`whatever a power cut leaves of ${scenario} boots a whole system, and is finished by the next run`, async (context) => {
    const result = await explore({ scenario, sampling: SAMPLING });
    if (result.kind !== "no-violation") return assert.fail(result.message);
    const { counts } = result;
    states += counts.states;
    context.diagnostic(`${counts.states} crash states, ${counts.laterStates} of them after a second crash`);
  });
}

test("at least 10,000 crash states were looked at", (context) => {
  context.diagnostic(`${states} crash states`);
  assert.ok(states >= 10_000);
});

const FOUND: readonly [variant: string, scenario: string, violation: RegExp][] = [
  [
    "a disk that does not flush",
    "an update into a free slot",
    /no valid partition table|not found|not whole/,
  ],
  ["a boot folder that does not sync", "an update into a free slot", /is damaged, and could be started/],
  [
    "a kernel that does not look at the backup table",
    "an update into a free slot",
    /there is no valid partition table/,
  ],
  [
    "a kernel image that is written before its slot",
    "an update into a free slot",
    /the root of minimal_1\.[12]\+3-0\.efi is not found/,
  ],
  [
    "a slot that is written before its boot entry is gone",
    "an update over the version before",
    /the root of minimal_1\.0\.efi is not found/,
  ],
];

for (const [variant, scenario, violation] of FOUND) {
  test(`the model finds ${variant}`, async () => {
    const result = await explore({ scenario, variant, sampling: SAMPLING });
    assert.ok(result.kind === "violation", JSON.stringify(result));
    assert.match(result.message, violation);
  });
}
