import assert from "node:assert/strict";
import { test } from "node:test";

import { ConfigurationError, describeConfigurationProblem } from "./configurationError.ts";
import { parseMachineConfiguration } from "./parseMachineConfiguration.ts";

const WINDOW = { start: "02:00", duration: "2h", timeZone: "Europe/Paris" };

function parseUpdate(update: unknown) {
  return parseMachineConfiguration({ apiVersion: "socle/v1", kind: "MachineConfiguration", update }).update;
}

function problemsOf(update: unknown): string[] {
  try {
    parseUpdate(update);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    return error.problems.map(describeConfigurationProblem);
  }
  return [];
}

test("a whole section is read, with times in seconds and minutes", () => {
  const update = {
    repository: "https://updates.example.org/edge/",
    channel: "beta",
    mode: "automatic",
    window: { ...WINDOW, days: ["sun", "sat", "sun"] },
    spread: "90min",
    minimumAge: "3d",
    pin: "1.4.2",
    hold: { reason: "trade fair" },
  };
  assert.deepEqual(parseUpdate(update), {
    repository: "https://updates.example.org/edge/",
    channel: "beta",
    mode: "automatic",
    window: { days: [6, 7], startMinute: 120, minutes: 120, timeZone: "Europe/Paris" },
    spreadSeconds: 5400,
    minimumAgeSeconds: 259_200,
    pin: "1.4.2",
    hold: { reason: "trade fair" },
  });
});

test("what the section does not say is left to the image", () => {
  assert.deepEqual(parseUpdate({}), {});
  assert.deepEqual(parseUpdate({ mode: "download" }), { mode: "download" });
  assert.deepEqual(parseUpdate({ window: { ...WINDOW, duration: "24h" } }), {
    window: { days: [1, 2, 3, 4, 5, 6, 7], startMinute: 120, minutes: 1440, timeZone: "Europe/Paris" },
  });
});

test("what is wrong is told with its path, its value, what was wanted and a hint", () => {
  const table: [unknown, RegExp][] = [
    [[], /^update is a list: wanted an object with keys among repository, /],
    [{ floor: "1.0" }, /^unknown key "floor" in update/],
    [{ mod: "manual" }, /^unknown key "mod" in update: .*did you mean "mode"/],
    [
      { mode: "automatik" },
      /^update\.mode is "automatik": wanted one of "manual", "download", "automatic" \(did you mean "automatic"\?\)$/,
    ],
    [{ mode: true }, /^update\.mode is true: wanted one of/],
    [{ repository: "updates.example.org" }, /^update\.repository is .*: wanted the http: or https: address/],
    [{ repository: "https://u:secret@example.org/" }, /a user or a password is not taken/],
    [{ repository: "https://example.org/?a" }, /without "\?" and "#"/],
    [{ repository: "http://[::1" }, /^update\.repository is /],
    [{ channel: "Stable" }, /^update\.channel is "Stable": wanted the name of a channel/],
    [{ channel: "timestamp" }, /^update\.channel is "timestamp"/],
    [{ spread: 3600 }, /^update\.spread is 3600: wanted a span of time from "0s" to "7d", .* "3600s"/],
    [{ spread: "8d" }, /^update\.spread is "8d"/],
    [
      { minimumAge: "3 weeks" },
      /^update\.minimumAge is "3 weeks": wanted a span of time from "0s" to "365d"/,
    ],
    [{ minimumAge: "500ms" }, /^update\.minimumAge is "500ms"/],
    [{ pin: "1.0+3" }, /^update\.pin is "1\.0\+3": wanted letters/],
    [{ hold: "no" }, /^update\.hold is "no": wanted an object with the key reason$/],
    [{ hold: {} }, /^update\.hold\.reason is missing/],
    [{ hold: { reason: "a\nb" } }, /^update\.hold\.reason is "a\\nb": wanted one line/],
    [
      { window: "02:00" },
      /^update\.window is "02:00": wanted an object with keys among days, start, duration, timeZone$/,
    ],
    [{ window: { ...WINDOW, days: [] } }, /^update\.window\.days is a list: .*leave the key out/],
    [
      { window: { ...WINDOW, days: ["saturday"] } },
      /^update\.window\.days\[0\] is "saturday": wanted one of "mon"/,
    ],
    [{ window: { ...WINDOW, start: "24:00" } }, /^update\.window\.start is "24:00": wanted a time of day/],
    [{ window: { ...WINDOW, start: "2:00" } }, /did you mean "02:00"\?/],
    [
      { window: { ...WINDOW, duration: "0s" } },
      /^update\.window\.duration is "0s": wanted .* from "1min" to "24h"/,
    ],
    [{ window: { ...WINDOW, duration: "25h" } }, /^update\.window\.duration is "25h"/],
    [
      { window: { ...WINDOW, timeZone: "europe/paris" } },
      /^update\.window\.timeZone .*did you mean "Europe\/Paris"\?/,
    ],
    [
      { window: { ...WINDOW, timeZone: "Mars/Base" } },
      /^update\.window\.timeZone is "Mars\/Base": wanted an IANA/,
    ],
    [{ window: { ...WINDOW, until: "04:00" } }, /^unknown key "until" in update\.window/],
  ];
  for (const [update, expected] of table) {
    const problems = problemsOf(update);
    assert.equal(problems.length, 1, `${JSON.stringify(update)}: ${problems.join("; ")}`);
    assert.match(problems[0] ?? "", expected);
  }
});

test("all problems come at once", () => {
  const update = { mode: "sometimes", window: { start: "02:60" }, pin: 1, extra: 1 };
  assert.deepEqual(
    problemsOf(update).map((line) => line.split(": wanted")[0]),
    [
      'unknown key "extra" in update',
      'update.mode is "sometimes"',
      'update.window.start is "02:60"',
      "update.window.duration is missing",
      "update.window.timeZone is missing",
      "update.pin is 1",
    ],
  );
});
