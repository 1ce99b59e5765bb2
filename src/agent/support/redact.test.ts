import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { redact } from "./redact.ts";

const PEM = (kind: string) => `-----BEGIN ${kind}-----\nc2VzYW1l\nc2VzYW1l\n-----END ${kind}-----`;

const TABLE: readonly (readonly [text: string, redacted: string])[] = [
  [`a\n${PEM("PRIVATE KEY")}\nb`, "a\n[redacted]\nb"],
  [`${PEM("CERTIFICATE")} ${PEM("EC PRIVATE KEY")}`, "[redacted] [redacted]"],
  [JSON.stringify({ key: PEM("PRIVATE KEY"), other: 1 }), '{"key":"[redacted]","other":1}'],
  ["-----BEGIN RSA PRIVATE KEY-----\nc2VzYW1l\nc2Vz", "[redacted]"],
  ["password=sesame user=a", "password=[redacted] user=a"],
  ["PASSWORD: sesame", "PASSWORD: [redacted]"],
  ["dbPassword='open sesame' x", "dbPassword='[redacted]' x"],
  ['{"token":"sesame","n":1}', '{"token":"[redacted]","n":1}'],
  [
    String.raw`MESSAGE "{\"token\":\"sesame\",\"n\":1}"`,
    String.raw`MESSAGE "{\"token\":\"[redacted]\",\"n\":1}"`,
  ],
  ["GET /x?access_token=sesame&n=1", "GET /x?access_token=[redacted]&n=1"],
  ["api-key = sesame;", "api-key = [redacted];"],
  ["Authorization: Basic c2VzYW1l", "Authorization: [redacted]"],
  ['{"authorization":"Bearer sesame.sesame"}', '{"authorization":"[redacted]"}'],
  ["sent bearer sesame.sesame-1", "sent bearer [redacted]"],
  ["Set-Cookie: id=sesame; Path=/", "Set-Cookie: [redacted]"],
  ["from https://me:sesame@example.org/x", "from https://[redacted]@example.org/x"],
  ["proxy http://sesame@192.0.2.1:3128", "proxy http://[redacted]@192.0.2.1:3128"],
  ["tool --password sesame --verbose", "tool --password [redacted] --verbose"],
];

for (const [text, redacted] of TABLE) {
  test(`${JSON.stringify(redacted)} is left of a text with a secret`, () => {
    assert.equal(redact(text), redacted);
    assert.doesNotMatch(redact(text), /sesame|c2Vz/);
  });
}

for (const text of [
  "Accepted key of user a from https://example.org/",
  "systemd-ask-password.path: Succeeded",
  "mail to a@example.org",
  "2026-01-01 sshd[3]: error: no such thing",
]) {
  test(`"${text}" stays`, () => assert.equal(redact(text), text));
}

test("nothing is left to do after it, and it ends soon on any text", () => {
  const words = fc.constantFrom(
    "password",
    "=",
    ":",
    " ",
    '"',
    "\\",
    "'",
    "\n",
    "//",
    "@",
    "-----BEGIN ",
    "x",
    "token",
  );
  fc.assert(
    fc.property(fc.string({ unit: words, maxLength: 200 }), (text) => {
      redact(text);
    }),
  );
  const begun = performance.now();
  redact('password="'.repeat(20_000));
  redact(`a://${"b".repeat(200_000)}`);
  redact("-----BEGIN X-----".repeat(300));
  assert.ok(performance.now() - begun < 2000, "quadratic time");
});
