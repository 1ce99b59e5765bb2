import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import stringWidth from "string-width";

import {
  GetLoadResponseSchema,
  GetNetworkResponseSchema,
  JournalLineSchema,
  ListDisksResponseSchema,
  ListUnitsResponseSchema,
} from "#protocol/gen/socle/v1/observe_pb.ts";
import { GetStatusResponseSchema, Slot } from "#protocol/gen/socle/v1/machine_pb.ts";

import { toMarks } from "../marks.ts";
import { plainPaint } from "../paint.ts";
import { toStatusDocument } from "../statusDocument.ts";
import { addLines, addLoad, pressKey, startDashboard, TABS, type DashboardState } from "./dashboardState.ts";
import { renderDashboard } from "./renderDashboard.ts";
import { toRates } from "./toRates.ts";

const LOOK = { marks: toMarks({ LANG: "C.UTF-8" }), paint: plainPaint };
const NOW = new Date("2026-01-21T12:41:07Z");

const load = (atS: number, busyS: number, receivedBytes = 0, atZero = {}) =>
  create(GetLoadResponseSchema, {
    atUs: BigInt(atS * 1e6),
    busyUs: BigInt(busyS * 1e6),
    processors: 2,
    memoryTotalBytes: 2_048_000_000n,
    memoryAvailableBytes: 1_636_000_000n,
    receivedBytes: BigInt(receivedBytes),
    ...atZero,
  });

const status = toStatusDocument(
  create(GetStatusResponseSchema, {
    image: { id: "edge", version: "1.0.0" },
    machine: { hostname: "edge-01", systemState: "running", uptimeUs: 11_520_000_000n },
    root: { slot: Slot.B },
  }),
);

function makeState(): DashboardState {
  let state: DashboardState = { ...startDashboard("edge-01", NOW), connection: { state: "live" }, status };
  for (const [at, busy, received] of [
    [0, 0, 0],
    [2, 1, 100_000],
    [4, 4, 500_000],
    [6, 4.56, 900_000],
  ] as const)
    state = addLoad(state, load(at, busy, received));
  state = {
    ...state,
    disks: create(ListDisksResponseSchema, {
      fileSystems: [
        { target: "/", fstype: "erofs", sizeBytes: 148_200_000n, readOnly: true },
        { target: "/var", fstype: "ext4", sizeBytes: 1_000_000_000n, freeBytes: 690_000_000n },
      ],
    }),
    units: create(ListUnitsResponseSchema, {
      units: [
        { name: "ssh.service", active: "active", sub: "running", memoryBytes: 4_194_304n },
        { name: "backup.service", active: "failed", sub: "failed", result: "exit-code" },
      ],
    }),
    network: create(GetNetworkResponseSchema, {
      interfaces: [{ name: "enp1s0", state: "up", addresses: ["192.0.2.10/24"] }],
      nameServers: ["192.0.2.53"],
    }),
  };
  const at = timestampFromMs(NOW.getTime() - 2000);
  return addLines(state, [
    create(JournalLineSchema, { at, identifier: "api", priority: 6, message: "GET /v1/items 200 3 ms" }),
    create(JournalLineSchema, { at, identifier: "api", priority: 3, message: "cannot\u001b[2J open\nmore" }),
  ]);
}

const render = (state: DashboardState, size = { columns: 80, rows: 24 }) =>
  renderDashboard(state, size, LOOK);

test("the summary says state, figures, slot and log on 80 columns", () => {
  assert.equal(
    render(makeState(), { columns: 80, rows: 11 }),
    ` edge-01 · 1.0.0 (B) · up 3 h 12 min · healthy                         12:41:07
 CPU ▃▇▂ 14 %   MEM 412.0 MB of 2.0 GB   VAR 31 %   NET ↓ 0.2 ↑ 0.0 MB/s

 ✓ B  1.0.0  booted

 log ────────────────────
 12:41:05 api  info  GET /v1/items 200 3 ms
 12:41:05 api  err  cannot\\u{1b}[2J open


[1 summary]  2 services   3 logs   4 disks   5 network    ? help   q quit`.replace(
      "12:41:07\n",
      "12:41:07 \n",
    ),
  );
});

test("every view has its content", () => {
  const on = (key: string) => render(pressKey(makeState(), key) ?? makeState());
  assert.match(on("2"), /backup\.service +✗ failed \(exit-code\)[^]*ssh\.service +✓ running +4\.2 MB/);
  assert.match(on("3"), /12:41:05 api {2}info[^]*\[3 logs\]/);
  assert.match(on("4"), /\/ +erofs +148\.2 MB {2}read-only\n \/var +ext4 +1\.0 GB {2}31 % used/);
  assert.match(on("5"), /enp1s0 +up +192\.0\.2\.10\/24[^]*received 200\.0 kB\/s/);
  assert.match(on("?"), /1 to 5 {3}another view/);
});

test("a machine that does not answer is said to be reconnected to, and what was known stays", () => {
  const text = render({
    ...makeState(),
    connection: { state: "reconnecting", reason: "no answer within 30 s" },
  });
  assert.match(text, /healthy · reconnecting/);
  assert.match(text, /! reconnecting: no answer within 30 s/);
  assert.match(text, /GET \/v1\/items/);
});

test("it fits every terminal, whatever is shown, with ASCII too", () => {
  const state = { ...makeState(), log: makeState().log };
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 200 }),
      fc.integer({ min: 5, max: 60 }),
      fc.constantFrom(...TABS),
      fc.boolean(),
      fc.string({ unit: "grapheme", maxLength: 300 }),
      (columns, rows, tab, isAscii, message) => {
        const shown = addLines({ ...state, tab }, [create(JournalLineSchema, { message })]);
        const look = { ...LOOK, marks: toMarks(isAscii ? { TERM: "linux" } : {}) };
        const lines = renderDashboard(shown, { columns, rows }, look).split("\n");
        assert.equal(lines.length, rows);
        for (const line of lines) assert.ok(stringWidth(line) <= columns, line);
      },
    ),
    { numRuns: 150 },
  );
});

test("nothing is drawn before the first answer but that it is waited for", () => {
  for (const tab of TABS)
    assert.match(render({ ...startDashboard("a", NOW), tab }), /connecting|waiting|no lines yet/);
});

test("rates are differences, and counters that went back are 0", () => {
  assert.deepEqual(toRates(load(0, 0), load(2, 2, 4000)), {
    cpu: 0.5,
    receivedBytes: 2000,
    sentBytes: 0,
    diskReadBytes: 0,
    diskWrittenBytes: 0,
  });
  assert.equal(toRates(load(0, 0, 9000), load(1, 0, 10))?.receivedBytes, 0);
  assert.equal(toRates(load(1, 0), load(1, 0)), undefined);
});

test("after a restart of the machine the counters begin anew", () => {
  const state = addLoad(addLoad(startDashboard("a", NOW), load(100, 1)), load(3, 1));
  assert.equal(state.loads.length, 1);
});

test("q and Ctrl-C end it, and any key closes the help", () => {
  const state = makeState();
  assert.equal(pressKey(state, "q"), undefined);
  assert.equal(pressKey(state, "\u0003"), undefined);
  const help = pressKey(state, "?");
  assert.equal(help?.isHelp, true);
  assert.equal(help && pressKey(help, "x")?.isHelp, false);
  assert.equal(pressKey(state, "9"), state);
});
