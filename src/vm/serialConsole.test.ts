import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { SerialConsole, stripTerminalCodes } from "./serialConsole.ts";

test("lines come whole, however the serial line cuts them", () => {
  const text =
    "first\r\n\x1b[0;32m  OK  \x1b[0m Started \x1b]8;;file\x07unit\x1b]8;;\x07.\r\n\r\nlast\r\nrest";
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
      const lines: string[] = [];
      const serial = new SerialConsole((line) => lines.push(line));
      const ends = [...cuts.toSorted((a, b) => a - b), text.length];
      ends.reduce((start, end) => {
        serial.write(text.slice(start, end));
        return end;
      }, 0);
      assert.deepEqual(lines, ["first", "  OK   Started unit.", "", "last"]);
      assert.deepEqual(serial.lines, lines);
    }),
  );
});

test("a line is waited for from now on, and each who waits for it gets it", async () => {
  const serial = new SerialConsole(() => {});
  serial.write("login:\n");
  const both = Promise.all([serial.waitFor(/^login/), serial.waitFor(/login: (\d)/)]);
  serial.write("nothing\nlogin: 1");
  let settled = false;
  void both.then(() => (settled = true));
  await new Promise(setImmediate);
  assert.equal(settled, false);
  serial.write("\nlogin: 2\n");
  assert.deepEqual(await both, ["login: 1", "login: 1"]);
});

test("the tail is the last lines, or all where there are fewer", () => {
  const serial = new SerialConsole(() => {});
  serial.write("a\nb\nc\nunfinished");
  assert.equal(serial.tail(2), "b\nc");
  assert.equal(serial.tail(10), "a\nb\nc");
  assert.equal(new SerialConsole(() => {}).tail(5), "");
});

const CODES: readonly (readonly [what: string, text: string, plain: string])[] = [
  ["colours", "\x1b[1;31mred\x1b[m", "red"],
  [
    "cursor moves and clearing, as firmware sends them",
    "\x1b[2J\x1b[01;01H\x1b[=3hBdsDxe: loading",
    "BdsDxe: loading",
  ],
  ["a link, ended by BEL or ST", "\x1b]8;;u\x07a\x1b]8;;\x1b\\b", "ab"],
  ["systemd's OSC 3008 context", "\x1b]3008;start=12;type=boot\x1b\\up", "up"],
  ["carriage returns", "50%\r100%\r", "50%100%"],
  ["text without any", "[    0.00] x [x] ]", "[    0.00] x [x] ]"],
];

for (const [what, text, plain] of CODES) {
  test(`of ${what}, the words stay`, () => assert.equal(stripTerminalCodes(text), plain));
}
