import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import stringWidth from "string-width";
import { fitToWidth, padToWidth } from "./fitToWidth.ts";

test("text that fits is left alone, longer text ends with an ellipsis", () => {
  assert.equal(fitToWidth("openssl", 7), "openssl");
  assert.equal(fitToWidth("openssl", 6), "opens…");
  assert.equal(fitToWidth("漢字漢字", 5), "漢字…");
});

test("fitted text is never wider than asked, whatever the script", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, width) => {
      assert.ok(stringWidth(fitToWidth(text, width)) <= width);
    }),
  );
});

test("padding counts columns, not characters", () => {
  assert.equal(padToWidth("漢", 4), "漢  ");
  assert.equal(padToWidth("9s", 4, "right"), "  9s");
});
