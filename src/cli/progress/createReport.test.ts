import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { ProgressEvent } from "#progress/events.ts";
import { createReport } from "./createReport.ts";
import { MemoryClock } from "./memoryClock.ts";
import { chooseProgressMode, type ProgressMode } from "./progressMode.ts";

/** A terminal (or a pipe) of 80 columns that remembers what was written to it. */
class MemoryStream extends PassThrough {
  readonly isTTY: boolean;
  readonly columns = 80;
  readonly rows = 24;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  getColorDepth(): number {
    return 1;
  }

  takeText(): string {
    return String(this.read() ?? "");
  }
}

async function open(mode: ProgressMode) {
  const clock = new MemoryClock();
  const stream = new MemoryStream(mode === "tty");
  // A PassThrough with the members of a terminal that the renderers read.
  const report = await createReport(
    mode,
    stream as unknown as NodeJS.WriteStream,
    { LANG: "C.UTF-8" },
    clock,
  );
  return { clock, stream, ...report };
}

const CACHED: ProgressEvent = { kind: "step-done", step: "unpack", tookMs: 1, cached: true };

test("plain progress is a line at the start and a line at the end of each step", async () => {
  const { clock, stream, report, close } = await open("plain");
  report({ kind: "note", level: "info", message: "edge 2026.11.3 amd64" });
  report({ kind: "step-started", step: "resolve" });
  clock.advance(1_240);
  report({ kind: "step-done", step: "resolve", tookMs: 1_240, cached: false, detail: "212 packages" });
  report({ kind: "step-started", step: "unpack" });
  report(CACHED);
  report({ kind: "step-started", step: "configure", detail: "systemd" });
  clock.advance(2_000);
  report({ kind: "step-failed", step: "configure", tookMs: 2_000, message: "postinst exited 1\nmore" });
  report({ kind: "note", level: "warning", message: "no /dev/kvm" });
  close();
  assert.equal(
    stream.takeText(),
    [
      "[00:00.0] edge 2026.11.3 amd64",
      "[00:00.0] resolve    started",
      "[00:01.2] resolve    done 1.2s  212 packages",
      "[00:01.2] unpack     started",
      "[00:01.2] unpack     cached",
      "[00:01.2] configure  started  systemd",
      "[00:03.2] configure  failed after 2.0s  postinst exited 1",
      "[00:03.2] warning: no /dev/kvm",
      "",
    ].join("\n"),
  );
});

test("a long step says every ten seconds how far it is, and stops when it has ended", async () => {
  const { clock, stream, report, close } = await open("plain");
  report({ kind: "step-started", step: "download" });
  report({ kind: "step-progress", step: "download", done: 0, total: 40_000_000, unit: "bytes" });
  clock.advance(9_000);
  report({ kind: "step-progress", step: "download", done: 10_000_000, total: 40_000_000, unit: "bytes" });
  clock.advance(1_000);
  report({ kind: "step-progress", step: "download", done: 20_000_000, total: 40_000_000, unit: "bytes" });
  clock.advance(10_000);
  report({ kind: "step-done", step: "download", tookMs: 20_000, cached: false });
  clock.advance(30_000);
  close();
  assert.equal(
    stream.takeText(),
    [
      "[00:00.0] download   started",
      "[00:10.0] download   running for 10s  25 % · 10.0 MB of 40.0 MB · 1.0 MB/s · 30 s left",
      "[00:20.0] download   running for 20s  50 % · 20.0 MB of 40.0 MB · 1.0 MB/s · 20 s left",
      "[00:20.0] download   done 20s",
      "",
    ].join("\n"),
  );
  assert.equal(clock.timerCount, 0);
});

test("JSON progress is one object a line, with the time, and at most two a second for a step", async () => {
  const { clock, stream, report, close } = await open("json");
  report({ kind: "step-started", step: "download" });
  for (let done = 0; done < 10; done += 1) {
    report({ kind: "step-progress", step: "download", done, total: 10, unit: "items" });
    clock.advance(100);
  }
  report({ kind: "step-done", step: "download", tookMs: 1000.4, cached: false });
  close();
  const lines = stream.takeText().trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      { at: "2026-11-22T12:00:00.000Z", kind: "step-started", step: "download" },
      {
        at: "2026-11-22T12:00:00.000Z",
        kind: "step-progress",
        step: "download",
        done: 0,
        total: 10,
        unit: "items",
      },
      {
        at: "2026-11-22T12:00:00.500Z",
        kind: "step-progress",
        step: "download",
        done: 5,
        total: 10,
        unit: "items",
      },
      { at: "2026-11-22T12:00:01.000Z", kind: "step-done", step: "download", tookMs: 1000, cached: false },
    ],
  );
});

test("quiet shows warnings and nothing else", async () => {
  const { stream, report, close } = await open("quiet");
  report({ kind: "step-started", step: "resolve" });
  report({ kind: "note", level: "info", message: "hello" });
  report({ kind: "note", level: "warning", message: "no /dev/kvm" });
  report(CACHED);
  close();
  assert.equal(stream.takeText(), "warning: no /dev/kvm\n");
});

test("a terminal shows every running step in at most two lines, with rate and time left after three seconds", async () => {
  const { clock, stream, report, close } = await open("tty");
  report({ kind: "step-started", step: "download" });
  report({ kind: "step-started", step: "configure", detail: "systemd" });
  report({ kind: "step-progress", step: "download", done: 0, total: 40_000_000, unit: "bytes" });
  clock.advance(2_000);
  report({ kind: "step-progress", step: "download", done: 10_000_000, total: 40_000_000, unit: "bytes" });
  stream.takeText();
  clock.advance(100);
  assert.match(stripVTControlCharacters(stream.takeText()), /███░{9} {2}25 % · 10.0 MB of 40.0 MB\n/);
  clock.advance(2_900);
  stream.takeText();
  report({ kind: "step-done", step: "unpack", tookMs: 1, cached: true });
  const frame = stripVTControlCharacters(stream.takeText()).trimEnd().split("\n");
  close();
  assert.deepEqual(frame, [
    "✓ unpack      CACHED",
    "◑ download                                                                 5.0s",
    "              ███░░░░░░░░░  25 % · 10.0 MB of 40.0 MB · 2.0 MB/s · 15 s left",
    "◑ configure   systemd                                                      5.0s",
  ]);
  assert.equal(clock.timerCount, 0);
});

test("other output on the same terminal goes above what is drawn", async () => {
  const { stream, report, aside, close } = await open("tty");
  report({ kind: "step-started", step: "boot" });
  stream.takeText();
  aside(() => stream.write("a result\n"));
  const written = stripVTControlCharacters(stream.takeText());
  close();
  assert.match(written, /a result\n◐ boot /);
});

test("the way to show progress follows what was asked, then the surroundings", () => {
  const terminal = { isTTY: true };
  assert.equal(chooseProgressMode({}, terminal, {}), "tty");
  assert.equal(chooseProgressMode({}, terminal, { CI: "true" }), "plain");
  assert.equal(chooseProgressMode({}, terminal, { CI: "false" }), "tty");
  assert.equal(chooseProgressMode({}, terminal, { TERM: "dumb" }), "plain");
  assert.equal(chooseProgressMode({}, {}, {}), "plain");
  assert.equal(chooseProgressMode({ json: true }, terminal, {}), "json");
  assert.equal(chooseProgressMode({ quiet: true }, terminal, {}), "quiet");
  assert.equal(chooseProgressMode({ progress: "plain", json: true, quiet: true }, terminal, {}), "plain");
});
