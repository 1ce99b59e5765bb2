import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDefinition } from "#definition/parseDefinition.ts";
import { HealthError } from "./healthError.ts";
import { makeReport } from "./healthReport.fixture.ts";
import { encodeHealthContract, parseHealthContract } from "./parseHealthContract.ts";
import { encodeHealthReport, parseHealthReport } from "./parseHealthReport.ts";

test("a report is read as it was written, with and without a kernel image and a verified root", () => {
  const { ukiSha256: _, ...direct } = makeReport();
  for (const report of [makeReport(), direct, makeReport({ rootHash: "", verdict: "fail" })])
    assert.deepEqual(parseHealthReport(encodeHealthReport(report)), report);
});

test("a report of another form is refused, and never half read", () => {
  const bad: object[] = [
    { verdict: "maybe" },
    { apiVersion: "socle/v2" },
    { rootHash: "abc" },
    { at: "yesterday" },
    { bootId: "../../etc/passwd" },
    { figures: { bootUs: -1, memoryBytes: 0, restarts: 0 } },
    { extra: 1 },
  ];
  for (const changes of bad) {
    const text = JSON.stringify({ ...makeReport(), ...changes });
    assert.throws(() => parseHealthReport(text), HealthError, text);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.throws(() => parseHealthReport(text), HealthError);
    }),
  );
  const whole = encodeHealthReport(makeReport());
  for (let length = 0; length < whole.length - 2; length += 7)
    assert.throws(() => parseHealthReport(whole.slice(0, length)), HealthError);
});

test("a contract is read on the machine as the build wrote it", () => {
  const { health } = parseDefinition({
    id: "edge",
    version: "1.0",
    health: {
      units: ["nginx.service"],
      mayFail: ["chatty.service"],
      probes: {
        page: { http: "http://127.0.0.1/healthz", status: 204 },
        database: { tcp: "[::1]:5432", timeout: "2s" },
        tool: { command: ["/usr/bin/true", ""] },
      },
      freeSpace: { "/": "1GiB" },
      regression: { memory: 1.5 },
    },
  });
  assert.deepEqual(parseHealthContract(encodeHealthContract(health)), health);
  assert.throws(() => parseHealthContract(""), HealthError);
  assert.throws(() => parseHealthContract(JSON.stringify({ ...health, soak: 1 })), HealthError);
});
