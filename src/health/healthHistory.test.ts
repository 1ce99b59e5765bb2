import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isSameDeployment, listOldReports, REPORTS_KEPT, toHealthHistory } from "./healthHistory.ts";
import { makeReport, SHA_A, SHA_B } from "./healthReport.fixture.ts";

const RUNNING = {
  bootId: "99999999-9999-4999-8999-999999999999",
  version: "1.2",
  rootHash: SHA_B,
  ukiSha256: SHA_B,
};

test("deployments differ in the version, the root or the kernel image", () => {
  assert.ok(isSameDeployment(RUNNING, { ...RUNNING, bootId: "another" }));
  const { ukiSha256: _, ...direct } = RUNNING;
  assert.ok(isSameDeployment(RUNNING, direct), "of a direct boot the kernel image is not known");
  for (const change of [{ version: "1.3" }, { rootHash: SHA_A }, { ukiSha256: SHA_A }])
    assert.ok(!isSameDeployment(RUNNING, { ...RUNNING, ...change }), JSON.stringify(change));
});

test("the past is the newest good boot, and that of another deployment; never this boot or a bad one", () => {
  const other = makeReport({ at: "2026-05-01T00:00:00.000Z" });
  const older = makeReport({ at: "2026-04-01T00:00:00.000Z", bootId: "22" });
  const own = makeReport({ ...RUNNING, bootId: "33", at: "2026-05-02T00:00:00.000Z" });
  const bad = makeReport({ verdict: "fail", bootId: "44", at: "2026-05-03T00:00:00.000Z" });
  const thisBoot = makeReport({ ...RUNNING, at: "2026-05-04T00:00:00.000Z" });
  const history = toHealthHistory([older, own, bad, thisBoot, other], RUNNING);
  assert.deepEqual(history, { lastGood: own, lastGoodOther: other });
  assert.deepEqual(toHealthHistory([bad, thisBoot], RUNNING), {});
});

test("twenty reports stay, among them always this boot's and those that the next is compared with", () => {
  const reports = fc.uniqueArray(
    fc.record({
      bootId: fc.integer({ min: 0, max: 99 }).map(String),
      verdict: fc.constantFrom("pass" as const, "fail" as const),
      version: fc.constantFrom("1.1", "1.2"),
      at: fc.integer({ min: 0, max: 1e12 }).map((ms) => new Date(ms).toISOString()),
    }),
    { maxLength: 60, selector: ({ bootId }) => bootId },
  );
  fc.assert(
    fc.property(reports, (made) => {
      const all = [
        ...made.map((report) => makeReport(report)),
        makeReport({ ...RUNNING, at: "1970-01-01T00:00:00.000Z" }),
      ];
      const old = listOldReports(all, RUNNING);
      const kept = all.filter(({ bootId }) => !old.includes(bootId));
      assert.equal(kept.length, Math.min(all.length, REPORTS_KEPT));
      assert.ok(kept.some(({ bootId }) => bootId === RUNNING.bootId));
      assert.deepEqual(toHealthHistory(kept, RUNNING), toHealthHistory(all, RUNNING));
    }),
  );
});
