import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { compareReleases } from "./compareReleases.ts";
import { anySystem } from "./comparison/comparedSystem.fixture.ts";
import type { ComparedSystem } from "./comparison/comparedSystem.ts";
import { compareTexts } from "./comparison/compareKeyed.ts";
import type { Changes, FixDiff, ReleaseDiff } from "./comparison/releaseDiff.ts";
import { newer, older, type SampleRelease } from "./comparison/sampleReleases.fixture.ts";
import { toComparedRelease } from "./comparison/toComparedRelease.ts";

function compare(from: ComparedSystem, to: ComparedSystem): ReleaseDiff {
  return compareReleases({ name: "a", system: from }, { name: "b", system: to });
}

function toSystem({ manifest, contents }: SampleRelease): ComparedSystem {
  return toComparedRelease(manifest, { contents });
}

const PARTS = ["packages", "units", "listeners", "files", "privilegedFiles"] as const;

function swap<T>({ added, removed, changed }: Changes<T>): Changes<T> {
  return {
    added: removed,
    removed: added,
    changed: changed.map((change) => ({ ...change, from: change.to, to: change.from })),
  };
}

/** Without what has a direction of its own, in one order. */
function bare(changes: Changes<object> | null): object {
  const sorted = (values: readonly object[]) =>
    values.map((value) => JSON.stringify(value)).toSorted(compareTexts);
  return {
    added: sorted(changes?.added ?? []),
    removed: sorted(changes?.removed ?? []),
    changed: sorted((changes?.changed ?? []).map(({ from, to }) => ({ from, to }))),
  };
}

test("a system does not differ from itself", () => {
  fc.assert(
    fc.property(anySystem, (system) => {
      const diff = compare(system, structuredClone(system));
      assert.equal(diff.same, true);
      assert.deepEqual(diff.attention, []);
      for (const part of PARTS) assert.deepEqual(bare(diff[part]), bare(null));
    }),
  );
});

test("the way back is the mirror of the way there", () => {
  fc.assert(
    fc.property(anySystem, anySystem, (a, b) => {
      const [there, back] = [compare(a, b), compare(b, a)];
      assert.equal(there.same, back.same);
      for (const part of PARTS) {
        const changes = there[part];
        assert.ok(changes !== null);
        assert.deepEqual(bare(swap<object>(changes)), bare(back[part]));
      }
      assert.deepEqual(
        there.packages?.changed.map(({ direction }) => direction).sort(),
        back.packages?.changed
          .map(({ direction }) =>
            direction === "other" ? direction : direction === "upgrade" ? "downgrade" : "upgrade",
          )
          .sort(),
      );
      assert.deepEqual(toCves(there.fixes, "gained"), toCves(back.fixes, "lost"));
      assert.deepEqual(toCves(there.fixes, "lost"), toCves(back.fixes, "gained"));
      assert.deepEqual(there.kernel?.addedArguments, back.kernel?.removedArguments);
      assert.deepEqual(
        there.properties.map(({ name, from, to }) => ({ name, from: to, to: from })),
        back.properties,
      );
    }),
  );
});

function toCves(fixes: FixDiff | null, side: "gained" | "lost"): object | undefined {
  return fixes?.[side]?.map(({ source, cves }) => ({ source, cves }));
}

/** What one gets by following the list. */
function apply<T>(
  entries: readonly T[],
  { added, removed, changed }: Changes<T>,
  keyOf: (entry: T) => string,
): T[] {
  const gone = new Set([...removed, ...changed.map(({ from }) => from)].map(keyOf));
  const kept = entries.filter((entry) => !gone.has(keyOf(entry)));
  return [...kept, ...added, ...changed.map(({ to }) => to)].sort((a, b) => compareTexts(keyOf(a), keyOf(b)));
}

test("who follows the list of changes from one gets the other", () => {
  fc.assert(
    fc.property(anySystem, anySystem, (left, right) => {
      const [a, b] = [structuredClone(left), structuredClone(right)]; // records by chance have no prototype
      const { packages, units, files } = compare(a, b);
      const nothing = { added: [], removed: [], changed: [] };
      const byIdentity = ({ name, architecture }: { name: string; architecture: string }) =>
        `${name} ${architecture}`;
      assert.deepEqual(
        apply(a.packages ?? [], packages ?? nothing, byIdentity),
        apply(b.packages ?? [], nothing, byIdentity),
      );
      assert.deepEqual(
        apply(a.units ?? [], units ?? nothing, ({ name }) => name),
        apply(b.units ?? [], nothing, ({ name }) => name),
      );
      const inRoot = (system: ComparedSystem) =>
        (system.files?.entries ?? []).filter(({ path }) => !/^\/(boot|var)\//.test(path));
      assert.deepEqual(
        apply(inRoot(a), files ?? nothing, ({ path }) => path),
        apply(inRoot(b), nothing, ({ path }) => path),
      );
    }),
  );
});

test("what makes a system less safe is named", () => {
  assert.deepEqual(
    compare(toSystem(older), toSystem(newer)).attention.map(({ kind, subject }) => `${kind} ${subject}`),
    [
      "weaker-policy executionControl",
      "weaker-policy policies.etc",
      "weaker-policy policies.var",
      "new-privileged-file /usr/bin/newgrp",
      "new-listener tcp *:22",
      "downgrade zstd",
      "lost-fix CVE-2026-1111",
    ],
  );
  // On the way back it is the capability of ping, and the fixes of openssl and the kernel go.
  const back = compare(toSystem(newer), toSystem(older)).attention;
  assert.deepEqual(
    [...new Set(back.map(({ kind }) => kind))],
    ["new-privileged-file", "downgrade", "lost-fix"],
  );
});

test("more privilege than before is named, less is not", () => {
  const withMode = (mode: number): ComparedSystem => {
    const { rootHash: _otherwiseEqual, ...system } = toSystem(older);
    const entries = (system.files?.entries ?? []).map((file) =>
      file.path === "/usr/bin/passwd" ? { ...file, mode } : file,
    );
    return { ...system, files: { entries, hasContents: true, leftOut: [] } };
  };
  const kinds = (from: number, to: number) =>
    compare(withMode(from), withMode(to)).attention.map(({ kind }) => kind);
  assert.deepEqual(kinds(0o4750, 0o4755), ["more-privilege"]);
  assert.deepEqual(kinds(0o4755, 0o4750), []);
  assert.deepEqual(kinds(0o2755, 0o6755), ["more-privilege"]);
  assert.deepEqual(kinds(0o755, 0o2755), ["new-privileged-file"]);
});

test("development keys where there were the project's are named", () => {
  const system = toSystem(older);
  const tried = { ...system, properties: { ...system.properties, "signing.development": true } };
  assert.deepEqual(compare(system, tried).attention, [
    { kind: "development-keys", subject: "signing.development" },
  ]);
  assert.deepEqual(compare(tried, system).attention, []);
});

test("a release without contents is compared in what it has, and what it lacks is said", () => {
  const { manifest, contents } = older;
  const missing = "has no list of its contents";
  const bareRelease = toComparedRelease(manifest, { missing, packages: contents.packages });
  const diff = compare(bareRelease, toSystem(newer));
  assert.equal(diff.packages?.changed.length, 4);
  assert.deepEqual(
    diff.fixes?.gained?.map(({ source }) => source),
    ["openssl"],
  );
  assert.equal(diff.fixes?.lost, null, "what the older one had fixed is not known");
  assert.equal(diff.files, null);
  assert.deepEqual(
    diff.notCompared,
    (["fixes", "units", "listeners", "files"] as const).map((part) => ({
      part,
      side: "from",
      reason: missing,
    })),
  );
});

/** A machine that runs `release`, as its inventory tells it. */
function toMachine(release: SampleRelease, changes: Partial<ComparedSystem> = {}): ComparedSystem {
  const { packages = [], units = [], files, kernel } = toSystem(release);
  return {
    kind: "machine",
    id: "edge",
    version: release.manifest.version,
    properties: {},
    packages,
    units,
    listeners: {
      evidence: "observed",
      entries: [
        { protocol: "tcp", address: "*", port: 7443, by: "socle-agent.service" },
        { protocol: "udp", address: "10.0.2.15", port: 68, by: "systemd-networkd.service" },
      ],
    },
    files: {
      entries: (files?.entries ?? []).map(({ sha256: _hash, capabilities: _capabilities, ...file }) => file),
      hasContents: false,
      leftOut: ["/boot", "/var", "/tmp"],
    },
    ...(kernel === undefined ? {} : { kernel }),
    unknown: {},
    ...changes,
  };
}

test("with one root hash, packages and files are equal by proof, and a machine's own files are mentioned", () => {
  const release = toSystem(older);
  const diff = compare(release, toMachine(older, { rootHash: release.rootHash ?? "", packages: [] }));
  assert.equal(diff.sameRoot, true);
  assert.equal(diff.same, true, "the list of packages is not asked");
  assert.deepEqual([diff.packages, diff.files, diff.fixes, diff.privilegedFiles], [null, null, null, null]);
  assert.ok(diff.notCompared.some(({ part, side }) => part === "files" && side === "to"));
});

test("ports that are open on a machine are shown beside the declared ones, and do not count", () => {
  const diff = compare(toSystem(older), toMachine(older));
  assert.equal(diff.same, true);
  assert.equal(diff.listeners?.evidence, "mixed");
  assert.deepEqual(diff.listeners?.added, [
    { protocol: "udp", address: "*", port: 68, by: ["systemd-networkd.service"] },
  ]);
  assert.deepEqual(diff.listeners?.removed, []);
  assert.deepEqual(diff.attention, []);
});

test("without hashes files are compared in the rest, and that is said", () => {
  const machine = toMachine(older);
  assert.ok(machine.files !== undefined);
  const [first, ...others] = machine.files.entries;
  assert.ok(first !== undefined);
  const altered = { ...machine.files, entries: [{ ...first, mode: 0o700 }, ...others] };
  const diff = compare(toSystem(older), { ...machine, files: altered });
  assert.deepEqual(
    diff.files?.changed.map(({ path, aspects }) => ({ path, aspects })),
    [{ path: first.path, aspects: ["mode"] }],
  );
  assert.deepEqual(
    diff.notCompared.filter(({ part }) => part === "file-contents").map(({ side }) => side),
    ["to"],
  );
});
