import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProgressEvent } from "#progress/events.ts";
import type { Check } from "#release/checks/check.ts";
import { createCheckInput } from "#release/checks/createCheckInput.ts";
import { ChecksError } from "./checksError.ts";
import { runChecks } from "./runChecks.ts";

const RELEASE = createCheckInput({
  id: "edge",
  version: "1.0",
  files: [{ path: "/usr/bin/su", mode: 0o4755 }],
});
const PASSES: Check = { name: "passes", check: () => [] };

async function failureOf(checks: readonly Check[], timeoutMs = 10_000): Promise<ChecksError> {
  const { signal } = new AbortController();
  const error = await runChecks(checks, RELEASE, { report: () => {}, signal, timeoutMs }).then(
    () => assert.fail("they passed"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ChecksError, String(error));
  return error;
}

/** A check in JavaScript, or one that is lied about, can return anything. */
function returning(answer: unknown): Check {
  return { name: "own", check: () => answer as [] };
}

test("all checks are asked, and all their findings told at once", async () => {
  const checks: Check[] = [
    {
      name: "own",
      check: ({ files }) => files.filter(({ mode }) => mode > 0o777).map(({ path }) => `${path}!`),
    },
    PASSES,
    {
      name: "later",
      check: async () => [{ path: "/etc/x", message: "one" }, { message: "two\n lines \u001b[31m" }],
    },
    { name: "broken", check: () => Promise.reject(new TypeError("no such luck")) },
  ];
  const { code, message, hint, outcomes } = await failureOf(checks);
  assert.equal(code, "checks-failed");
  assert.deepEqual(message.split("\n").slice(0, -1), [
    "Cannot release edge 1.0: 2 of 4 checks found something, 1 broke",
    "",
    "  own",
    "    /usr/bin/su!",
    "",
    "  later",
    "    /etc/x   one",
    "    two",
    "     lines",
    "",
    "  broken",
    "    broke: it threw TypeError: no such luck",
  ]);
  assert.match(message.split("\n").at(-1) ?? "", /^ {4}at \/.*runChecks\.test\.ts:\d+:\d+$/);
  assert.match(hint ?? "", /Nothing was written/);
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ["found", "passed", "found", "broken"],
  );
});

const NONSENSE: readonly [answer: unknown, why: RegExp][] = [
  [undefined, /it returned undefined, wanted a list of findings/],
  [true, /it returned a boolean/],
  ["/usr/bin/su", /it returned a string/],
  [{ message: "found" }, /it returned an object with message/],
  [["ok", ""], /it returned an empty text as item 1 of its list/],
  [[null], /null as item 0/],
  [[{ path: "/etc/x" }], /an object with path as item 0/],
  [[{ message: "m", file: "/etc/x" }], /an object with message, file as item 0/],
  [[{ message: "m", path: 1 }], /an object with message, path as item 0/],
  [[["nested"]], /a list as item 0/],
];

for (const [answer, why] of NONSENSE) {
  test(`a check that returns ${JSON.stringify(answer)} is broken`, async () => {
    const { code, message } = await failureOf([PASSES, returning(answer)]);
    assert.equal(code, "check-broken");
    assert.match(message, /^Cannot release edge 1\.0: 1 of 2 checks broke\n\n {2}own\n/);
    assert.match(message, why);
  });
}

test("what a check throws is never taken for an error of the build", async () => {
  const aborted: Check = { name: "own", check: () => AbortSignal.abort().throwIfAborted() as never };
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- this is what is tried
  const text: Check = { name: "text", check: async () => Promise.reject("no") };
  const error = await failureOf([aborted, text]);
  assert.equal(error.cause, undefined);
  assert.match(error.message, /2 of 2 checks broke/);
  assert.match(error.message, /it threw AbortError/);
  assert.match(error.message, /it threw a string/);
});

test("a check that never answers is given up, and the next one asked", async () => {
  let asked = 0;
  const endless: Check = { name: "endless", check: () => new Promise(() => {}) };
  const next: Check = { name: "next", check: () => ((asked += 1), []) };
  const { message } = await failureOf([endless, next], 20);
  assert.match(message, /endless\n {4}broke: no answer in 0\.02 s/);
  assert.equal(asked, 1);
});

test("an interrupted build does not wait for a check", async () => {
  const controller = new AbortController();
  const check: Check = { name: "own", check: () => (controller.abort(), new Promise(() => {})) };
  await assert.rejects(runChecks([check], RELEASE, { report: () => {}, signal: controller.signal }), {
    name: "AbortError",
  });
});

test("progress counts the checks", async () => {
  const events: ProgressEvent[] = [];
  const { signal } = new AbortController();
  await runChecks([PASSES, PASSES], RELEASE, { report: (event) => events.push(event), signal });
  assert.deepEqual(
    events.map((event) => ("detail" in event ? `${event.kind} ${event.detail}` : event.kind)),
    ["step-started", "step-progress passes", "step-progress passes", "step-done 2 checks"],
  );
});
