import type { SecurityFix } from "./contents.ts";

/**
 * Debian changelogs (deb-changelog(5)), as far as security needs them: which version names which
 * CVE. Not here: dates, authors, closed bugs, CVE numbers in CVE's old form (CAN-…). An entry that
 * says a CVE does not apply names it all the same.
 */

/** The line that begins an entry: `openssl (3.5.7-1) trixie-security; urgency=medium`. */
const HEADING = /^[a-z0-9][-+0-9a-z.]* \((?<version>[^()\s]+)\)(?:\s+[-+0-9a-z.]+)+;/i;

/** The entries that name CVEs, in the order of the text: newest first. Undefined for a text that is no Debian changelog. */
export function readSecurityFixes(changelog: string): SecurityFix[] | undefined {
  const found: { version: string; cves: Set<string> }[] = [];
  for (const line of changelog.split("\n")) {
    const version = HEADING.exec(line)?.groups?.["version"];
    if (version !== undefined) found.push({ version, cves: new Set() });
    // Upstream's changelogs are called changelog.gz too; a Debian changelog begins with a heading.
    else if (found.length === 0 && line.trim() !== "") return undefined;
    else if (line.includes("CVE-")) {
      for (const [cve] of line.matchAll(/\bCVE-\d{4}-\d{4,}\b/g)) found.at(-1)?.cves.add(cve);
    }
  }
  if (found.length === 0) return undefined;
  return found
    .filter(({ cves }) => cves.size > 0)
    .map(({ version, cves }) => ({ version, cves: [...cves].toSorted() }));
}
