import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { EtcFile } from "./etcFile.ts";
import { parseMachineId } from "./machineId.ts";
import { decodeMachineConfiguration } from "./parseMachineConfiguration.ts";
import { planApply, type ApplyChanges, type FileChange } from "./planApply.ts";
import { renderEtc } from "./renderEtc.ts";
import { HEAD, WHOLE_DOCUMENT } from "./wholeDocument.fixture.ts";

const FACTS = { machineId: parseMachineId("0123456789abcdef0123456789abcdef") };
const WHOLE = JSON.stringify(WHOLE_DOCUMENT);

function toText(keys: object): string {
  return JSON.stringify({ ...HEAD, ...keys });
}

function plan(current: string | undefined, next: string | undefined): ApplyChanges {
  const planned = planApply(current, next, FACTS);
  assert.ok(planned.kind === "changes", JSON.stringify(planned));
  return planned;
}

function toWords({ files, units, rebootFor, reloadsUnits }: ApplyChanges): string[] {
  return [
    ...files.map(({ kind, path }) => `${kind} ${path}`),
    ...(reloadsUnits ? ["read units again"] : []),
    ...units.map(({ kind, unit }) => `${kind} ${unit}`),
    ...rebootFor.map((why) => `restart the machine: ${why.split(": ")[0]}`),
  ];
}

test("what a change of a document does is told: keys, files, settings, units, restarts", () => {
  const vlan = { name: "lan", id: 5, on: "en0" };
  const interfaces = [{ match: { name: "en0" } }];
  const mounts = [{ path: "/var/lib/data", label: "data" }];
  const folders = [{ path: "/var/lib/data/a" }];
  const logs = { forward: { url: "https://logs.example.org" } };
  const mountFile = "systemd/system/var-lib-data.mount";
  const wants = "systemd/system/multi-user.target.d/50-socle.conf";
  const table: [object, object, string[]][] = [
    [{}, { hostname: "b" }, ["added hostname", "restart systemd-hostnamed.service"]],
    [{ hostname: "b" }, {}, ["removed hostname", "restart systemd-hostnamed.service"]],
    [
      { network: { interfaces } },
      { network: { interfaces, vlans: [vlan] } },
      [
        "added systemd/network/40-socle-lan.netdev",
        "added systemd/network/40-socle-lan.network",
        "changed systemd/network/50-socle-00.network",
        "reload systemd-networkd.service",
      ],
    ],
    [
      { network: { interfaces, vlans: [vlan] } },
      { network: { interfaces, vlans: [{ ...vlan, id: 6 }] } },
      [
        "changed systemd/network/40-socle-lan.netdev",
        "reload systemd-networkd.service",
        "restart the machine: /etc/systemd/network/40-socle-lan.netdev",
      ],
    ],
    [
      { sysctls: { "vm.swappiness": 1, "vm.dirty_ratio": 5 } },
      { sysctls: { "vm.swappiness": 2 } },
      ["changed sysctl.d/90-socle.conf"],
    ],
    [
      {},
      { mounts, folders },
      [
        `added ${wants}`,
        "added systemd/system/socle-folders.service",
        `added ${mountFile}`,
        "added tmpfiles.d/50-socle.conf",
        "read units again",
        "start socle-folders.service",
        "start var-lib-data.mount",
      ],
    ],
    [
      { mounts },
      {},
      [
        `removed ${wants}`,
        `removed ${mountFile}`,
        "read units again",
        `restart the machine: /etc/${mountFile}`,
      ],
    ],
    [
      { logs },
      {},
      ["removed systemd/journal-upload.conf.d/50-socle.conf", "stop systemd-journal-upload.service"],
    ],
    [{ time: {} }, { update: { mode: "manual" } }, []],
  ];
  for (const [current, next, expected] of table) {
    assert.deepEqual(toWords(plan(toText(current), toText(next))), expected);
  }
  const { keys } = plan(toText({ hostname: "a" }), toText({ hostname: "b" }));
  assert.deepEqual(
    keys.map(({ path, from, to }) => [path, from, to]),
    [["hostname", '"a"', '"b"']],
  );
});

test("a document that is not right is refused with its problems, and nothing of it is planned", () => {
  const refused = planApply(undefined, toText({ hostname: "-", time: { zone: "x" } }), FACTS);
  assert.equal(refused.kind, "refused");
  assert.deepEqual(refused.kind === "refused" && refused.problems.map(({ path }) => path), [
    "hostname",
    "time.zone",
  ]);
  assert.equal(planApply(undefined, "{", FACTS).kind, "refused");
});

test("one in force that is refused counts as none", () => {
  const broken = toText({ hostname: "-" });
  assert.deepEqual(plan(broken, WHOLE).files, plan(undefined, WHOLE).files);
  assert.deepEqual(plan("not JSON", WHOLE).files, plan(undefined, WHOLE).files);
});

/** Documents made of some of the keys of the whole one. */
const anyDocument = fc
  .subarray(Object.entries(WHOLE_DOCUMENT).slice(2))
  .map((entries) => JSON.stringify({ ...HEAD, ...Object.fromEntries(entries) }))
  .filter((text) => !text.includes('"folders"') || text.includes('"mounts"'));

function applyFiles(files: readonly EtcFile[], changes: readonly FileChange[]): EtcFile[] {
  const left = files.filter(({ path }) => changes.every((change) => change.path !== path));
  const all = [...left, ...changes.flatMap(({ file }) => file ?? [])];
  return all.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const render = (text: string) => applyFiles(renderEtc(decodeMachineConfiguration(text), FACTS), []);

test("nothing is done from a document to an equal one", () => {
  fc.assert(
    fc.property(anyDocument, (text) => {
      const spread = JSON.stringify(JSON.parse(text), null, 2);
      assert.deepEqual(toWords(plan(text, spread)), []);
      assert.deepEqual(plan(text, spread).keys, []);
    }),
    { numRuns: 20 },
  );
});

test("what is applied gives the files of the new document, and going back those of the old one", () => {
  fc.assert(
    fc.property(anyDocument, anyDocument, (from, to) => {
      const after = applyFiles(render(from), plan(from, to).files);
      assert.deepEqual(after, render(to));

      assert.deepEqual(applyFiles(after, plan(to, from).files), render(from));
    }),
    { numRuns: 20 },
  );
});

test("without one to go back to, the machine is as its image says", () => {
  assert.deepEqual(
    applyFiles(render(WHOLE), plan(WHOLE, undefined).files).map(({ path }) => path),
    ["machine-id"],
  );
});

test("where no /etc is rendered, only what is read at every level is taken", () => {
  const facts = { rendersEtc: false };
  const refused = planApply(undefined, WHOLE, facts);
  assert.ok(refused.kind === "refused");
  assert.deepEqual(
    refused.problems.map(({ path }) => path),
    ["hostname", "network", "time", "trust", "sysctls", "mounts", "folders", "logs"],
  );
  const { access, update } = WHOLE_DOCUMENT;
  const taken = planApply(WHOLE, toText({ access, update }), facts);
  assert.ok(taken.kind === "changes");
  assert.deepEqual([taken.files, taken.units, taken.rebootFor], [[], [], []]);
  assert.ok(planApply(undefined, undefined, facts).kind === "changes");
});

test("where /var is in memory, a change says that a restart ends it", () => {
  for (const rendersEtc of [true, false]) {
    for (const keepsGenerations of [true, false]) {
      const plan = planApply(undefined, undefined, { rendersEtc, keepsGenerations });
      assert.equal(plan.kind === "changes" && plan.goneAfterReboot, !keepsGenerations);
    }
  }
});
