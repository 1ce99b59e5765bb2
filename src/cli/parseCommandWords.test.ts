import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { parseCommandWords } from "./parseCommandWords.ts";

const CASES: Record<string, string[]> = {
  sign: ["sign"],
  "  sign   --key 3\t-x\n": ["sign", "--key", "3", "-x"],
  "sign 'two words'": ["sign", "two words"],
  'sign "two words"': ["sign", "two words"],
  "sign two\\ words": ["sign", "two words"],
  "a\"b c\"d'e f'g": ["ab cde fg"],
  "''": [""],
  '"" x': ["", "x"],
  "'\\'": ["\\"],
  '"\\"\\\\\\x"': ['"\\\\x'],
  "$HOME;#|&*": ["$HOME;#|&*"],
};

for (const [text, words] of Object.entries(CASES)) {
  test(`${JSON.stringify(text)} is ${words.length} words`, () =>
    assert.deepEqual(parseCommandWords(text), words));
}

test("what is not closed, or empty, is refused", () => {
  for (const text of ["", "  ", "'a", 'a "b', "a\\"])
    assert.throws(() => parseCommandWords(text), /write a command|close every/);
});

test("words that are quoted in any way are the words again", () => {
  const word = fc.string({ unit: "grapheme", minLength: 0 });
  const inSingle = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const inDouble = (text: string) => `"${text.replace(/["\\$`]/g, "\\$&")}"`;
  const escaped = (text: string) => (text === "" ? "''" : text.replace(/[^]/gu, "\\$&"));
  const quoted = fc.tuple(word, fc.constantFrom(inSingle, inDouble, escaped));
  fc.assert(
    fc.property(fc.array(quoted, { minLength: 1 }), (words) => {
      const text = words.map(([plain, quote]) => quote(plain)).join(" ");
      assert.deepEqual(
        parseCommandWords(text),
        words.map(([plain]) => plain),
      );
    }),
  );
});

test("a shell splits a line without its own special signs in the same way", () => {
  const line = fc.string({ unit: fc.constantFrom("a", "b", " ", "'", '"', "\\", "=", "-"), maxLength: 12 });
  fc.assert(
    fc.property(line, (text) => {
      let wanted: string[] | undefined;
      try {
        const said = execFileSync("sh", ["-c", `set -- ${text}\nprintf '%s\\0' "$@"`], {
          encoding: "utf8",
          stdio: "pipe",
        });
        wanted = said.split("\0").slice(0, -1);
      } catch {
        wanted = undefined; // it is not closed
      }
      fc.pre(wanted !== undefined && text.trim() !== "" && !text.endsWith("\\"));
      assert.deepEqual(parseCommandWords(`${text}`), wanted);
    }),
    { numRuns: 60 },
  );
});
