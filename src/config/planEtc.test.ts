import assert from "node:assert/strict";
import { test } from "node:test";

import { AUTHORITY } from "./certificates.fixture.ts";
import type { ConfigurationOutcome } from "./judgeDocument.ts";
import { planEtc, type BootFacts, type EtcStep } from "./planEtc.ts";

const MACHINE_ID = "0123456789abcdef0123456789abcdef";
const FRESH: BootFacts = {
  etcIsMounted: false,
  layerIsMounted: false,
  machineId: undefined,
  document: undefined,
};

function toText(fields: object): string {
  return JSON.stringify({ apiVersion: "socle/v1", kind: "MachineConfiguration", ...fields });
}

function toWords(steps: readonly EtcStep[]): string[] {
  return steps.map((step) => {
    switch (step.kind) {
      case "write-file":
        return `write ${step.file.path}`;
      case "set-hostname":
        return `hostname ${step.hostname}`;
      case "record":
        return `record ${step.outcome.state}`;
      default:
        return step.kind;
    }
  });
}

function outcomeOf(steps: readonly EtcStep[]): ConfigurationOutcome | undefined {
  return steps.flatMap((step) => (step.kind === "record" ? [step.outcome] : []))[0];
}

test("without a document /etc is made read-only all the same", () => {
  assert.deepEqual(toWords(planEtc(FRESH)), ["mount-layer", "mount-etc", "unmount-layer", "record none"]);
});

test("the machine id, which the overlay would hide, is carried into it", () => {
  assert.deepEqual(toWords(planEtc({ ...FRESH, machineId: `${MACHINE_ID}\n` })), [
    "mount-layer",
    "write machine-id",
    "mount-etc",
    "unmount-layer",
    "record none",
  ]);
});

test("a document is rendered before /etc is mounted, and recorded after", () => {
  const interfaces = [{ match: { name: "en*" } }];
  const text = toText({ hostname: "edge-01", network: { interfaces } });
  const steps = planEtc({ ...FRESH, document: { source: "credential", content: { text } } });
  assert.deepEqual(toWords(steps), [
    "mount-layer",
    "write hostname",
    "write systemd/network/50-socle-00.network",
    "hostname edge-01",
    "mount-etc",
    "unmount-layer",
    "record applied",
  ]);
  assert.deepEqual(outcomeOf(steps), {
    state: "applied",
    source: "credential",
    generation: 0,
    problems: [],
  });
});

test("of a refused document nothing is rendered, and every problem is recorded", () => {
  const text = toText({ hostname: "edge-01", netwrok: {}, network: { interfaces: 1 } });
  const steps = planEtc({
    ...FRESH,
    machineId: MACHINE_ID,
    document: { source: "image", content: { text } },
  });
  assert.deepEqual(toWords(steps), [
    "mount-layer",
    "write machine-id",
    "mount-etc",
    "unmount-layer",
    "record refused",
  ]);
  const outcome = outcomeOf(steps);
  assert.equal(outcome?.source, "image");
  assert.equal(outcome?.problems.length, 2);
});

test("a document that cannot be read counts as refused", () => {
  const steps = planEtc({
    ...FRESH,
    document: { source: "image", content: { unreadable: "EIO: i/o error" } },
  });
  assert.deepEqual(outcomeOf(steps), {
    state: "refused",
    source: "image",
    generation: 0,
    problems: ["the document cannot be read: EIO: i/o error"],
  });
});

test("with the overlay in place nothing is left to do, whatever the document says", () => {
  const document = { source: "image", content: { text: toText({ hostname: "other" }) } } as const;
  assert.deepEqual(planEtc({ ...FRESH, etcIsMounted: true, document }), []);
});

test("the layer of a run that was cut off is taken away first", () => {
  assert.deepEqual(toWords(planEtc({ ...FRESH, layerIsMounted: true })).slice(0, 2), [
    "unmount-layer",
    "mount-layer",
  ]);
});

test("done again, the image's /etc is there for as short as can be, and of units nothing is started", () => {
  const text = toText({
    trust: { authorities: [AUTHORITY] },
    sysctls: { "vm.swappiness": 1 },
    mounts: [{ path: "/var/lib/data", label: "data" }],
  });
  const again = { ...FRESH, again: true, etcIsMounted: true } as const;
  const steps = planEtc({ ...again, document: { source: "generation", generation: 3, content: { text } } });
  assert.deepEqual(toWords(steps), [
    "mount-layer",
    "write sysctl.d/90-socle.conf",
    "write systemd/system/var-lib-data.mount",
    "write systemd/system/multi-user.target.d/50-socle.conf",
    "unmount-etc",
    "set-image-hostname",
    "write ssl/certs/ca-certificates.crt",
    "mount-etc",
    "unmount-layer",
    "record applied",
    "set-kernel-setting",
  ]);
  assert.equal(outcomeOf(steps)?.generation, 3);
  // The name that a document gave stays one that a document gives.
  const named = planEtc({
    ...again,
    document: { source: "drive", content: { text: toText({ hostname: "b" }) } },
  });
  assert.ok(!toWords(named).includes("set-image-hostname"));
});
