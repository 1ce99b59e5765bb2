import assert from "node:assert/strict";
import { test } from "node:test";

import { toVisibleText } from "./visibleText.ts";

test("signs that move the cursor, turn the line or cannot be seen are written out", () => {
  const rows: readonly (readonly [text: string, visible: string])[] = [
    ["/usr/bin/naïve 文件 🙂", "/usr/bin/naïve 文件 🙂"],
    ["a\u001b[2Jb", String.raw`a\u{1b}[2Jb`],
    ["a\nb\tc", String.raw`a\u{a}b\u{9}c`],
    ["gpj\u202Egpj", String.raw`gpj\u{202e}gpj`],
    ["zero\u200bwidth", String.raw`zero\u{200b}width`],
    ["half \ud83d sign", String.raw`half \u{d83d} sign`],
  ];
  for (const [text, visible] of rows) assert.equal(toVisibleText(text), visible);
});
