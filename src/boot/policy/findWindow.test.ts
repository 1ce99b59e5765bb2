import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { formatWindow } from "./formatWindow.ts";
import { findWindow } from "./findWindow.ts";
import type { MaintenanceWindow } from "./updatePolicy.ts";
import { toWallTime } from "./zoneTime.ts";

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const NIGHT: MaintenanceWindow = {
  days: EVERY_DAY,
  startMinute: 120,
  minutes: 120,
  timeZone: "Europe/Paris",
};

test("a window is found whether it is open, past or to come", () => {
  const table: [string, Partial<MaintenanceWindow>, string, boolean, string, string][] = [
    ["in it", {}, "2026-06-10T01:00:00Z", true, "2026-06-10T00:00:00Z", "2026-06-10T02:00:00Z"],
    ["its first moment", {}, "2026-06-10T00:00:00Z", true, "2026-06-10T00:00:00Z", "2026-06-10T02:00:00Z"],
    ["its end", {}, "2026-06-10T02:00:00Z", false, "2026-06-11T00:00:00Z", "2026-06-11T02:00:00Z"],
    ["winter", {}, "2026-01-10T00:30:00Z", false, "2026-01-10T01:00:00Z", "2026-01-10T03:00:00Z"],
    [
      "the next Saturday",
      { days: [6, 7] },
      "2026-06-08T12:00:00Z",
      false,
      "2026-06-13T00:00:00Z",
      "2026-06-13T02:00:00Z",
    ],
    [
      "the same weekday, just over",
      { days: [6] },
      "2026-06-13T02:00:00Z",
      false,
      "2026-06-20T00:00:00Z",
      "2026-06-20T02:00:00Z",
    ],
    [
      "over midnight, of the day before",
      { days: [5], startMinute: 1380 },
      "2026-06-12T22:30:00Z",
      true,
      "2026-06-12T21:00:00Z",
      "2026-06-12T23:00:00Z",
    ],
    [
      "over midnight, not of the day it ends",
      { days: [6], startMinute: 1380 },
      "2026-06-12T22:30:00Z",
      false,
      "2026-06-13T21:00:00Z",
      "2026-06-13T23:00:00Z",
    ],
    [
      "the skipped hour",
      { startMinute: 150 },
      "2026-03-28T12:00:00Z",
      false,
      "2026-03-29T01:00:00Z",
      "2026-03-29T03:00:00Z",
    ],
    [
      "the hour that comes twice, the first time",
      { startMinute: 150, minutes: 30 },
      "2026-10-25T00:45:00Z",
      true,
      "2026-10-25T00:30:00Z",
      "2026-10-25T01:00:00Z",
    ],
    [
      "the hour that comes twice, the second time",
      { startMinute: 150, minutes: 30 },
      "2026-10-25T01:45:00Z",
      false,
      "2026-10-26T01:30:00Z",
      "2026-10-26T02:00:00Z",
    ],
    [
      "half an hour of summer time",
      { startMinute: 135, timeZone: "Australia/Lord_Howe" },
      "2026-10-03T12:00:00Z",
      false,
      "2026-10-03T15:30:00Z",
      "2026-10-03T17:30:00Z",
    ],
    [
      "a day that the zone skipped",
      { days: [5], timeZone: "Pacific/Apia" },
      "2011-12-30T09:00:00Z",
      false,
      "2011-12-30T10:00:00Z",
      "2011-12-30T12:00:00Z",
    ],
    [
      "1970",
      { days: [4], timeZone: "UTC" },
      "1970-01-01T00:00:00Z",
      false,
      "1970-01-01T02:00:00Z",
      "1970-01-01T04:00:00Z",
    ],
    [
      "a whole day",
      { startMinute: 0, minutes: 1440, timeZone: "UTC" },
      "2026-06-10T23:59:59Z",
      true,
      "2026-06-10T00:00:00Z",
      "2026-06-11T00:00:00Z",
    ],
  ];
  for (const [what, changes, now, isOpen, opensAt, closesAt] of table) {
    const found = findWindow({ ...NIGHT, ...changes }, new Date(now));
    assert.deepEqual(found, { isOpen, opensAt: new Date(opensAt), closesAt: new Date(closesAt) }, what);
  }
});

const ZONES = [
  "UTC",
  "Europe/Paris",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Chatham",
];

const windows = fc.record({
  days: fc.subarray(EVERY_DAY, { minLength: 1 }),
  startMinute: fc.integer({ min: 0, max: 1439 }),
  minutes: fc.integer({ min: 1, max: 1440 }),
  timeZone: fc.constantFrom(...ZONES),
});
const moments = fc.date({ min: new Date("2024-01-01"), max: new Date("2030-01-01"), noInvalidDate: true });

test("a window opens when the wall clock first shows its start or later, on one of its days", () => {
  fc.assert(
    fc.property(windows, moments, (window, now) => {
      const { isOpen, opensAt, closesAt } = findWindow(window, now);
      assert.equal(isOpen, opensAt <= now);
      assert.ok(closesAt > now);
      assert.equal(closesAt.getTime() - opensAt.getTime(), window.minutes * 60_000);
      const at = (moment: Date) => new Date(toWallTime(window.timeZone, moment.getTime()));
      const minuteOf = (date: Date) => date.getUTCHours() * 60 + date.getUTCMinutes();
      const isShown = minuteOf(at(opensAt)) === window.startMinute;
      const justBefore = at(new Date(opensAt.getTime() - 1));
      const isSkipped = at(opensAt).getTime() - justBefore.getTime() > 60_000;
      assert.ok(isShown || isSkipped, `${at(opensAt).toISOString()}`);
      assert.ok(window.days.includes(((at(opensAt).getUTCDay() + 6) % 7) + 1));
    }),
    { numRuns: 400 },
  );
});

test("no window is left out: there is one on every day that has one", () => {
  fc.assert(
    fc.property(windows, moments, (window, now) => {
      const every = { ...window, days: EVERY_DAY, minutes: 1 };
      const opens = new Set<string>();
      const last = now.getTime() + 21 * 86_400_000;
      let moment = now;
      while (moment.getTime() < last) {
        const found = findWindow(every, moment);
        opens.add(new Date(toWallTime(window.timeZone, found.opensAt.getTime())).toISOString().slice(0, 10));
        moment = found.closesAt;
      }
      assert.ok(opens.size >= 21, `${opens.size}`);
    }),
    { numRuns: 40 },
  );
});

test("a window is told in the order of the week", () => {
  assert.equal(formatWindow({ ...NIGHT, days: [7, 6] }), "Sat, Sun 02:00–04:00 Europe/Paris");
  assert.equal(formatWindow({ ...NIGHT, startMinute: 1410, timeZone: "UTC" }), "daily 23:30–01:30 UTC");
});
