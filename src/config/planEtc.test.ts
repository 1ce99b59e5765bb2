import assert from "node:assert/strict";
import { test } from "node:test";

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
  assert.deepEqual(outcomeOf(steps), { state: "applied", source: "credential", problems: [] });
});

test("of a refused document nothing is rendered, and every problem is recorded", () => {
  const text = toText({ hostname: "edge-01", netwrok: {}, network: { interfaces: 1 } });
  const steps = planEtc({
    ...FRESH,
    machineId: MACHINE_ID,
    document: { source: "file", content: { text } },
  });
  assert.deepEqual(toWords(steps), [
    "mount-layer",
    "write machine-id",
    "mount-etc",
    "unmount-layer",
    "record refused",
  ]);
  const outcome = outcomeOf(steps);
  assert.equal(outcome?.source, "file");
  assert.equal(outcome?.problems.length, 2);
});

test("a document that cannot be read counts as refused", () => {
  const steps = planEtc({
    ...FRESH,
    document: { source: "file", content: { unreadable: "EIO: i/o error" } },
  });
  assert.deepEqual(outcomeOf(steps), {
    state: "refused",
    source: "file",
    problems: ["the document cannot be read: EIO: i/o error"],
  });
});

test("with the overlay in place nothing is left to do, whatever the document says", () => {
  const document = { source: "file", content: { text: toText({ hostname: "other" }) } } as const;
  assert.deepEqual(planEtc({ ...FRESH, etcIsMounted: true, document }), []);
});

test("the layer of a run that was cut off is taken away first", () => {
  assert.deepEqual(toWords(planEtc({ ...FRESH, layerIsMounted: true })).slice(0, 2), [
    "unmount-layer",
    "mount-layer",
  ]);
});
