/**
 * The order of Debian versions, deb-version(7), as dpkg applies it: `[epoch:]upstream[-revision]`.
 * It orders; it does not judge whether a version is well-formed.
 */
export function compareDebianVersions(a: string, b: string): -1 | 0 | 1 {
  const [left, right] = [splitVersion(a), splitVersion(b)];
  return (
    comparePart(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}

interface VersionParts {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

/** No epoch is epoch 0; no revision is the empty one, which equals "0". */
function splitVersion(version: string): VersionParts {
  const colon = version.indexOf(":");
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? "" : version.slice(0, colon),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? "" : rest.slice(dash + 1),
  };
}

/** Text and number in turns: first what is no digit, sign by sign, then the digits as one number. */
function comparePart(a: string, b: string): -1 | 0 | 1 {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const order = weightOf(a, i) - weightOf(b, j);
      if (order !== 0) return order < 0 ? -1 : 1;
      i += 1;
      j += 1;
    }
    while (a[i] === "0") i += 1;
    while (b[j] === "0") j += 1;
    let first = 0;
    while (isDigit(a, i) && isDigit(b, j)) {
      first ||= a.charCodeAt(i) - b.charCodeAt(j);
      i += 1;
      j += 1;
    }
    if (isDigit(a, i)) return 1;
    if (isDigit(b, j)) return -1;
    if (first !== 0) return first < 0 ? -1 : 1;
  }
  return 0;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at); // NaN past the end
  return code >= 0x30 && code <= 0x39;
}

/** "~" before the end of the text, the end before letters, letters before all other signs. */
function weightOf(text: string, at: number): number {
  const sign = text[at];
  if (sign === undefined || isDigit(text, at)) return 0;
  if (sign === "~") return -1;
  const code = text.charCodeAt(at);
  return /[A-Za-z]/.test(sign) ? code : code + 256;
}
