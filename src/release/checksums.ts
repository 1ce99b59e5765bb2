import { ReleaseError } from "./releaseError.ts";
import { isSha256, type Sha256 } from "./sha256.ts";

/**
 * SHA256SUMS as coreutils' sha256sum writes and checks it. Not here: escaped names (with a
 * backslash or a line break), other digests, the BSD form.
 */
export interface Checksum {
  readonly name: string;
  readonly sha256: Sha256;
}

/** Sorted by name, so that the same files give the same text. */
export function encodeChecksums(checksums: readonly Checksum[]): string {
  const sorted = checksums.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  const seen = new Set<string>();
  for (const { name } of sorted) {
    if (!isPlainName(name)) fail(`the name ${JSON.stringify(name)} is not a plain file name`);
    if (seen.has(name)) fail(`the name "${name}" is there twice`);
    seen.add(name);
  }
  return sorted.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
}

export function decodeChecksums(text: string): Checksum[] {
  if (text !== "" && !text.endsWith("\n")) fail("the last line has no end: the file was cut");
  const seen = new Set<string>();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line, index) => {
      // A star in place of the second blank means that sha256sum read the file in binary mode.
      const { digest = "", name = "" } = /^(?<digest>[0-9a-f]{64}) [ *](?<name>.+)$/.exec(line)?.groups ?? {};
      if (!isSha256(digest) || !isPlainName(name)) {
        fail(
          `line ${index + 1} is ${JSON.stringify(line)}, wanted 64 hex digits, two blanks and a plain file name`,
        );
      }
      if (seen.has(name)) fail(`line ${index + 1} names "${name}" again`);
      seen.add(name);
      return { name, sha256: digest };
    });
}

/** Without a folder: a list from elsewhere must not lead out of its own folder. */
function isPlainName(name: string): boolean {
  return /^[^/\\\n\r\0]+$/.test(name) && name !== "." && name !== "..";
}

function fail(reason: string): never {
  throw new ReleaseError("checksums-malformed", `Cannot take this as SHA256SUMS: ${reason}`);
}
