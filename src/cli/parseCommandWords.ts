import { InvalidArgumentError } from "@commander-js/extra-typings";

/**
 * A command line as a list of words, by the quoting rules of POSIX shells (XCU 2.2) and nothing else
 * of a shell: no variables, patterns, pipes or comments.
 */
export function parseCommandWords(text: string): string[] {
  // A word is a row of pieces: plain characters, an escaped one, '…', or "…" in which only \" and \\ are special.
  const piece = /[^\s'"\\]+|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*"/y;
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length;) {
    const space = /^\s+/.exec(text.slice(at))?.[0];
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += space.length;
      continue;
    }
    piece.lastIndex = at;
    const found = piece.exec(text)?.[0];
    if (found === undefined) throw new InvalidArgumentError("close every quote in the command");
    word = (word ?? "") + unquote(found);
    at += found.length;
  }
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw new InvalidArgumentError("write a command");
  return words;
}

function unquote(piece: string): string {
  if (piece.startsWith("'")) return piece.slice(1, -1);
  if (piece.startsWith('"')) return piece.slice(1, -1).replace(/\\(["\\$`])/g, "$1");
  return piece.startsWith("\\") ? piece.slice(1) : piece;
}
