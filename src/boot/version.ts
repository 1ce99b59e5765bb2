/**
 * The order of versions (UAPI.10), as systemd-boot and systemd-sysupdate apply it when they choose
 * what to boot and what is newer. Where the text of the specification and systemd differ, this
 * follows systemd, because a machine boots what systemd chose: "~" sorts before the end of the
 * string, and a number sorts after letters even when it is zero. Not dpkg's order, not semver's.
 */
export function compareVersions(a: string, b: string): -1 | 0 | 1 {
  const left = { text: a, at: 0 };
  const right = { text: b, at: 0 };
  for (;;) {
    skipSeparators(left);
    skipSeparators(right);

    const tilde = comparePrefix(left, right, "~", -1);
    if (tilde !== 0) return tilde;
    const isLeftOver = left.at === a.length;
    if (isLeftOver || right.at === b.length)
      return toSign(Number(right.at === b.length) - Number(isLeftOver));

    const prefix =
      comparePrefix(left, right, "-", -1) ||
      comparePrefix(left, right, "^", -1) ||
      comparePrefix(left, right, ".", -1);
    if (prefix !== 0) return prefix;

    const isNumber = /[0-9]/.test((a[left.at] ?? "") + (b[right.at] ?? ""));
    const segment = isNumber
      ? compareNumbers(take(left, /[0-9]*/y), take(right, /[0-9]*/y))
      : compareTexts(take(left, /[A-Za-z]*/y), take(right, /[A-Za-z]*/y));
    if (segment !== 0) return segment;
  }
}

/**
 * Whether systemd-sysupdate of every release in use offers this version. Releases up to 257 allow
 * no "~" and no "^" and then ignore the file without a word; "_" separates the id, "+" the boot
 * counter, so neither can be inside.
 */
export function isSysupdateSafeVersion(version: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(version);
}

interface Cursor {
  readonly text: string;
  at: number;
}

function skipSeparators(cursor: Cursor): void {
  take(cursor, /[^A-Za-z0-9~^.-]*/y);
}

/** Steps over `mark` when both have it; else the one that has it is `order` relative to the other. */
function comparePrefix(left: Cursor, right: Cursor, mark: string, order: -1 | 1): -1 | 0 | 1 {
  const isLeft = left.text[left.at] === mark;
  const isRight = right.text[right.at] === mark;
  if (isLeft !== isRight) return isLeft ? order : toSign(-order);
  if (isLeft) {
    left.at++;
    right.at++;
  }
  return 0;
}

function take(cursor: Cursor, pattern: RegExp): string {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0] ?? "";
  cursor.at += found.length;
  return found;
}

/** By value, of any length; a missing number is less than any, zero included. */
function compareNumbers(a: string, b: string): -1 | 0 | 1 {
  if (a === "" || b === "") return toSign(a.length - b.length);
  const [left, right] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return toSign(left.length - right.length) || compareTexts(left, right);
}

function compareTexts(a: string, b: string): -1 | 0 | 1 {
  return a === b ? 0 : a < b ? -1 : 1;
}

function toSign(value: number): -1 | 0 | 1 {
  return value < 0 ? -1 : value > 0 ? 1 : 0;
}
