import assert from "node:assert/strict";
import { test } from "node:test";

import { watchUnits } from "./watchUnits.ts";

const FAILED = "d9b373ed55a64feb8242e02dbe79a49c";
const STARTED = "39f53479d3a045ac8e11786248231fbf";
const SUCCEEDED = "7ad2d189f7e94e70a38c781354912448";

/** A line as `journalctl -o json` writes it, of systemd 257. */
const toLine = (id: string, unit: string, more: object = {}) =>
  JSON.stringify({ __REALTIME_TIMESTAMP: "1769000000123456", MESSAGE_ID: id, UNIT: unit, ...more });

async function watch(lines: readonly string[], failed: readonly string[] = []) {
  const asked: string[] = [];
  const machine = {
    run: (program: string, args: readonly string[]) => {
      asked.push([program, ...args].join(" "));
      return Promise.resolve(JSON.stringify(failed.map((unit) => ({ unit, active: "failed" }))));
    },
    async *runLines(program: string, args: readonly string[]) {
      asked.push([program, ...args].join(" "));
      yield* lines;
    },
  };
  const words: string[] = [];
  const { signal } = new AbortController();
  for await (const event of watchUnits(machine, () => 1_769_000_000_500, signal)) {
    assert.ok(event.case === "unit");
    const { name = "", state = "", result = "" } = event.value;
    words.push(`${name} ${state} ${result}`.trim());
  }
  return { asked, words };
}

test("a unit fails, and recovers when it runs or has done its work; others are not told of", async () => {
  const { words } = await watch([
    toLine(STARTED, "ssh.service"),
    toLine(FAILED, "web.service", { UNIT_RESULT: "exit-code" }),
    toLine(FAILED, "web.service", { UNIT_RESULT: "signal" }),
    toLine(STARTED, "web.service"),
    toLine(STARTED, "web.service"),
    toLine(FAILED, "copy.service", { UNIT_RESULT: "timeout" }),
    toLine(SUCCEEDED, "copy.service"),
    toLine(SUCCEEDED, "other.service"),
    "-- no entry --",
    toLine(FAILED, ""),
  ]);
  assert.deepEqual(words, [
    "web.service failed exit-code",
    "web.service failed signal",
    "web.service recovered",
    "copy.service failed timeout",
    "copy.service recovered",
  ]);
});

test("one that had failed before anybody watched recovers as well", async () => {
  const { words } = await watch([toLine(STARTED, "web.service")], ["web.service"]);
  assert.deepEqual(words, ["web.service recovered"]);
});

test("the journal is asked for lines of the service manager alone, from before the list was read", async () => {
  const { asked } = await watch([]);
  assert.match(asked[0] ?? "", /^systemctl list-units --state=failed/);
  assert.match(asked[1] ?? "", /^journalctl --since=@1769000000\.500 .*--follow _PID=1 MESSAGE_ID=/);
});
