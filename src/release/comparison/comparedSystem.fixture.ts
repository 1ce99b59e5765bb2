/** Systems by chance, in pairs that have much in common: what two releases of one definition look like. */
import fc from "fast-check";

import type { ContentsFile } from "../contents.ts";
import type { ComparedSystem } from "./comparedSystem.ts";
import { hashOf } from "./sampleReleases.fixture.ts";

const version = fc.constantFrom("1.0-1", "1.0-1+b1", "1.0-2", "1:0.9-1", "2.0~rc1-1", "2.0-1");
const cves = fc.uniqueArray(
  fc.integer({ min: 1000, max: 1009 }).map((number) => `CVE-2026-${number}`),
  { minLength: 1, maxLength: 3 },
);

const packages = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("a", "b", "c", "lib1", "lib2", "lib3", "linux-6.1", "linux-6.2"),
    version,
    architecture: fc.constantFrom("amd64", "all"),
    source: fc.constantFrom("a", "lib", "linux"),
    sourceVersion: version,
  }),
  { selector: ({ name, architecture }) => `${name} ${architecture}`, maxLength: 12 },
);

const content = fc.constantFrom("", "one", "two");
const owner = fc.constantFrom(0, 33);
const mode = fc.constantFrom(0o644, 0o755, 0o4755, 0o2755);
const path = fc.constantFrom("/usr/a", "/usr/b", "/usr/c", "/etc/d", "/boot/e", "/var/f");
const file: fc.Arbitrary<ContentsFile> = fc.oneof(
  fc.record({ path, mode, uid: owner, gid: owner, content }).map(({ content: text, ...rest }) => {
    return { ...rest, type: "file" as const, sizeBytes: text.length, sha256: hashOf(text) };
  }),
  fc
    .record({ path, mode, uid: owner, gid: owner, target: fc.constantFrom("x", "y") })
    .map((rest) => ({ ...rest, type: "symlink" as const })),
  fc.record({ path, mode, uid: owner, gid: owner }).map((rest) => ({ ...rest, type: "directory" as const })),
);

const listener = fc.record({
  protocol: fc.constantFrom("tcp", "udp"),
  address: fc.constantFrom("*", "127.0.0.1", "::1"),
  port: fc.constantFrom(22, 80, 7443),
  by: fc.constantFrom("a.socket", "b.socket"),
});

export const anySystem: fc.Arbitrary<ComparedSystem> = fc.record({
  kind: fc.constant("release" as const),
  id: fc.constantFrom("edge", "other"),
  version: fc.constantFrom("1.0", "1.1"),
  properties: fc.record({
    level: fc.constantFrom("semi", "sealed"),
    "policies.etc": fc.constantFrom("overlay", "rendered"),
    executionControl: fc.constantFrom("signed", "off"),
  }),
  packages,
  fixes: fc.dictionary(
    fc.constantFrom("a", "lib", "linux"),
    fc.array(fc.record({ version, cves }), { maxLength: 3 }),
  ),
  units: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom("a.service", "b.socket", "c.timer"),
      state: fc.constantFrom("enabled", "static"),
    }),
    { selector: ({ name }) => name },
  ),
  listeners: fc.record({
    evidence: fc.constant("declared" as const),
    entries: fc.array(listener, { maxLength: 5 }),
  }),
  files: fc.record({
    entries: fc.uniqueArray(file, { selector: (entry) => entry.path, maxLength: 8 }),
    hasContents: fc.constant(true),
    leftOut: fc.constant(["/boot", "/var"]),
  }),
  kernel: fc.record({
    version: fc.constantFrom("6.12.1", "6.12.2"),
    commandLine: fc
      .array(fc.constantFrom("ro", "quiet", "console=tty0", "roothash=00", "roothash=11"), { maxLength: 5 })
      .map((words) => words.join(" ")),
  }),
  unknown: fc.constant({}),
});
