import assert from "node:assert/strict";
import { test } from "node:test";

import { DefinitionError } from "./definitionError.ts";
import { extendLayer } from "./extendLayer.ts";
import { parseDefinition } from "./parseDefinition.ts";
import { describeProblem } from "./problem.ts";

const WINDOW = { start: "23:30", duration: "90min", timeZone: "Europe/Paris" };

function parseUpdate(update: unknown, others: object = {}) {
  return parseDefinition({ id: "edge", version: "1.4", update, ...others }).update;
}

function problemsOf(update: unknown, others?: object): string[] {
  try {
    parseUpdate(update, others);
  } catch (error) {
    assert.ok(error instanceof DefinitionError, String(error));
    return error.problems.map(
      (problem) => `${describeProblem(problem)}: wanted ${problem.wanted} (${problem.hint ?? ""})`,
    );
  }
  return [];
}

test("a whole section is resolved, with times in seconds and minutes", () => {
  const update = {
    repository: "https://updates.example.org/",
    channel: "beta",
    floor: "1.4",
    mode: "download",
    window: { ...WINDOW, days: ["sun", "fri"] },
    spread: "1h",
    minimumAge: "3d",
  };
  assert.deepEqual(parseUpdate(update), {
    repository: "https://updates.example.org/",
    channel: "beta",
    mode: "download",
    window: { days: [5, 7], startMinute: 1410, minutes: 90, timeZone: "Europe/Paris" },
    spreadSeconds: 3600,
    minimumAgeSeconds: 259_200,
    floor: "1.4",
  });
});

test("what is wrong is told with its path, what was wanted and a hint", () => {
  const table: [unknown, RegExp, object?][] = [
    [{ pin: "1.0" }, /^unknown key "pin" in update/],
    [{ mode: "auto" }, /^update\.mode is "auto": wanted one of "manual", "download", "automatic"/],
    [{ repository: "ftp://example.org" }, /^update\.repository is .*wanted the http: or https: address/],
    [{ repository: "https://u:p@example.org" }, /a user or a password is not taken/],
    [{ channel: "targets" }, /^update\.channel is "targets"/],
    [{ spread: "30m" }, /^update\.spread is "30m": wanted a span of time from "0s" to "7d".*"30min"/],
    [{ spread: 60 }, /^update\.spread is 60: wanted a span of time from "0s" to "7d"/],
    [{ minimumAge: "366d" }, /^update\.minimumAge is "366d"/],
    [{ window: { ...WINDOW, days: [] } }, /^update\.window\.days is a list: wanted .*at least one/],
    [{ window: { ...WINDOW, days: ["Fri"] } }, /^update\.window\.days\[0\] is "Fri"/],
    [
      { window: { ...WINDOW, duration: "2d" } },
      /^update\.window\.duration is "2d": wanted .*"1min" to "24h"/,
    ],
    [{ window: { ...WINDOW, timeZone: "Europe/Pariss" } }, /did you mean "Europe\/Paris"\?/],
    [{ window: { start: "02:00", duration: "2h" } }, /^update\.window\.timeZone is missing/],
    [{ floor: "1.5" }, /^update\.floor is "1\.5": wanted a version of at most "1\.4"/],
    [
      { mode: "automatic" },
      /^update\.mode is "automatic": wanted "manual".*no second slot/,
      { level: "classic" },
    ],
  ];
  for (const [update, expected, others] of table) {
    const problems = problemsOf(update, others);
    assert.equal(problems.length, 1, `${JSON.stringify(update)}: ${problems.join("; ")}`);
    assert.match(problems[0] ?? "", expected);
  }
});

test("changes to a base replace key by key, a window as a whole", () => {
  const base = { id: "edge", version: "1.4", update: { repository: "https://example.org/", window: WINDOW } };
  const other = { ...WINDOW, start: "02:00" };
  const { layer } = extendLayer(base, { update: { mode: "automatic", window: other } });
  assert.deepEqual(layer.update, { repository: "https://example.org/", window: other, mode: "automatic" });
});
