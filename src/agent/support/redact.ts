const REDACTED = "[redacted]";

/**
 * What looks like a secret, wherever it stands: one line a kind. A pattern may take too much; what it leaves must be safe.
 * In JSON, quotes and line breaks are escaped, so both forms count.
 */
const SECRETS: readonly (readonly [what: string, pattern: RegExp, instead: string])[] = [
  ["PEM block", /-----BEGIN ([A-Z0-9 ]{1,40})-----[^]{0,20000}?-----END \1-----/g, REDACTED],
  // One that is cut off, or does not end.
  ["PEM block without end", /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^]{0,8192}/g, REDACTED],
  ["header", /((?:proxy-)?authorization\\?["']?\s*[:=]\s*\\?["']?)[^\r\n"'\\]+/gi, `$1${REDACTED}`],
  ["cookie", /((?:set-)?cookie\\?["']?\s*:\s*\\?["']?)[^\r\n"'\\]+/gi, `$1${REDACTED}`],
  ["bearer", /\b(bearer\s+)[\w.~+/=-]{8,}/gi, `$1${REDACTED}`],
  ["user info", /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"'<>\\]{1,400}@/gi, `$1${REDACTED}@`],
  [
    "assignment",
    /((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|psk|credential)[\w-]{0,20}\\?["']?\s{0,3}[=:]\s{0,3})(?:(\\?")(?:[^"\\\r\n]|\\[^"\r\n])*(\\?"|$)|(')[^'\r\n]*(')|[^\s"',;&}\]]+)/gim,
    `$1$2$4${REDACTED}$3$5`,
  ],
  [
    "word after an option",
    /(--?(?:password|passwd|passphrase|token|secret|api-key)\s+)(?!\[)\S+/gi,
    `$1${REDACTED}`,
  ],
];

/** The same text without what looks like a secret. */
export function redact(text: string): string {
  return SECRETS.reduce((rest, [, pattern, instead]) => rest.replace(pattern, instead), text);
}
