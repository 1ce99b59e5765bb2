import { createHash } from "node:crypto";

import { parseSha256, type Sha256 } from "#release/sha256.ts";

/** Of a document's UTF-8. In a file of its own: loading OpenSSL takes longer than reading a document. */
export function digestOf(document: string): Sha256 {
  return parseSha256(createHash("sha256").update(document).digest("hex"));
}
