/**
 * Text from an image for a terminal or a page: signs that move the cursor, turn the line round or
 * show nothing are written out as `\u{1b}`, so that a file's name cannot pretend to be something else.
 */
export function toVisibleText(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
