import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeDebugPolicy, parseDebugPolicy, DebugPolicyError } from "./debugPolicy.ts";
import { DefinitionError } from "./definitionError.ts";
import { extendLayer } from "./extendLayer.ts";
import { parseDefinition } from "./parseDefinition.ts";
import { describeProblem } from "./problem.ts";

function parseDebug(debug: unknown) {
  return parseDefinition({ id: "edge", version: "1.0", debug }).debug;
}

function problemsOf(debug: unknown): string[] {
  try {
    parseDebug(debug);
  } catch (error) {
    assert.ok(error instanceof DefinitionError, String(error));
    return error.problems.map((problem) => `${describeProblem(problem)}: wanted ${problem.wanted}`);
  }
  return [];
}

test("no session is allowed where the definition does not say so", () => {
  for (const debug of [undefined, {}, { longest: "2h" }]) assert.equal(parseDebug(debug).allowed, false);
});

test("a whole section is resolved, with its time in seconds and its packages sorted", () => {
  assert.deepEqual(parseDebug({ allowed: true, longest: "90min", packages: ["strace", "busybox-static"] }), {
    allowed: true,
    longestSeconds: 5400,
    packages: ["busybox-static", "strace"],
  });
  assert.deepEqual(parseDebug({ allowed: true, packages: [] }).packages, []);
});

test("what is wrong is told with its path and what was wanted", () => {
  const table: readonly (readonly [unknown, RegExp])[] = [
    [true, /^debug is true: wanted an object with allowed, longest and packages/],
    [{ allow: true }, /^unknown key "allow" in debug/],
    [{ allowed: "yes" }, /^debug\.allowed is "yes": wanted true or false/],
    [{ longest: "5h" }, /^debug\.longest is "5h": wanted a span of time from "1min" to "4h"/],
    [{ longest: "30s" }, /^debug\.longest is "30s"/],
    [{ longest: 60 }, /^debug\.longest is 60: wanted a span of time/],
    [{ packages: ["strace=6"] }, /^debug\.packages\[0\] is "strace=6"/],
  ];
  for (const [debug, expected] of table) {
    const problems = problemsOf(debug);
    assert.equal(problems.length, 1, `${JSON.stringify(debug)}: ${problems.join("; ")}`);
    assert.match(problems[0] ?? "", expected);
  }
});

test("a definition that extends another keeps what it does not say, and adds to the packages", () => {
  const { layer } = extendLayer(
    { id: "base", version: "1.0", debug: { allowed: true, packages: ["strace"] } },
    { debug: { longest: "5min", packages: ["tcpdump"] } },
  );
  assert.deepEqual(layer.debug, { allowed: true, longest: "5min", packages: ["strace", "tcpdump"] });
  const { layer: closed } = extendLayer(layer, { debug: { allowed: false } });
  assert.equal(closed.debug?.allowed, false);
});

test("what the image says of sessions is read as it was written, and nothing else is", () => {
  const text = encodeDebugPolicy({ longestSeconds: 900 });
  assert.deepEqual(parseDebugPolicy(text), { longestSeconds: 900 });
  for (const wrong of ["", "{}", '{"longestSeconds":0}', '{"longestSeconds":1,"more":true}'])
    assert.throws(() => parseDebugPolicy(wrong), DebugPolicyError);
});
