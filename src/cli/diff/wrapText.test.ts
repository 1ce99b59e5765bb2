import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { wrapText } from "./wrapText.ts";

test("text is broken at its blanks, and a long word is left whole", () => {
  assert.deepEqual(wrapText("one two three", 8, "", "  "), ["one two", "  three"]);
  assert.deepEqual(wrapText("a-very-long-word b", 6, "> ", "  "), ["> a-very-long-word", "  b"]);
  assert.deepEqual(wrapText("", 10, "", ""), [""]);
});

test("no word is lost, and no line with several words is too long", () => {
  const words = fc.array(
    fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 12 }).map(withoutBlanks),
    {
      minLength: 1,
    },
  );
  fc.assert(
    fc.property(words, fc.integer({ min: 5, max: 40 }), (list, width) => {
      const lines = wrapText(list.join(" "), width, "", "  ");
      assert.deepEqual(lines.join(" ").trim().split(/ +/), list);
      for (const line of lines) assert.ok(line.length <= width || !line.trim().includes(" "), line);
    }),
  );
});

function withoutBlanks(text: string): string {
  return text.replaceAll(" ", "_");
}
