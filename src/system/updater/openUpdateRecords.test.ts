import assert from "node:assert/strict";
import { mkdtempDisposable, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { openUpdateRecords, type QuarantineRecord, type UpdateRecords } from "./openUpdateRecords.ts";

const RECORD: QuarantineRecord = {
  version: "1.2.0",
  ukiSha256: "ab".repeat(32),
  rootHash: "cd".repeat(32),
  since: "2026-11-23T03:00:00Z",
  reason: "unit web.service failed",
  bootIds: ["0c5a1d4e"],
};
const OTHER = { ...RECORD, ukiSha256: "ef".repeat(32), version: "1.3.0" };

async function withRecords(
  use: (records: UpdateRecords, folder: string, warnings: string[]) => Promise<void>,
): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-records-"));
  const state = join(folder.path, "update");
  const warnings: string[] = [];
  await use(
    openUpdateRecords(state, (message) => warnings.push(message)),
    state,
    warnings,
  );
}

test("a machine that never failed has no records, and none can be removed", async () => {
  await withRecords(async (records) => {
    assert.deepEqual(await records.readQuarantine(), []);
    assert.equal(await records.readHold(), undefined);
    await records.removeQuarantine(RECORD.ukiSha256);
    await records.writeHold(undefined);
  });
});

test("records are kept by the digest of the kernel image, and outlive the process", async () => {
  await withRecords(async (records, folder) => {
    await records.writeQuarantine(RECORD);
    await records.writeQuarantine(OTHER);
    await records.writeQuarantine({ ...RECORD, reason: "failed again" });
    const again = openUpdateRecords(folder, assert.fail);
    assert.deepEqual(await again.readQuarantine(), [{ ...RECORD, reason: "failed again" }, OTHER]);
    await again.removeQuarantine(RECORD.ukiSha256);
    assert.deepEqual(await records.readQuarantine(), [OTHER]);
  });
});

test("a hold is kept until it is taken away", async () => {
  await withRecords(async (records, folder) => {
    const hold = { reason: "fair", since: "2026-11-23T03:00:00Z", until: "2026-11-24T03:00:00Z" };
    for (const kept of [hold, { reason: "", since: hold.since }]) {
      await records.writeHold(kept);
      assert.deepEqual(await openUpdateRecords(folder, assert.fail).readHold(), kept);
    }
    await records.writeHold(undefined);
    assert.equal(await records.readHold(), undefined);
    assert.deepEqual(await readdir(folder), []);
  });
});

const DAMAGED: readonly (readonly [what: string, change: (text: string) => string])[] = [
  ["is empty", () => ""],
  ["is no JSON", (text) => text.slice(0, 20)],
  ["is of a later kind", (text) => text.replace("socle/v1", "socle/v2")],
  ["has a key too many", (text) => text.replace('"reason"', '"extra": 1, "reason"')],
  ["lacks one", (text) => text.replace('"version"', '"apiVersion"')],
  ["has a digest that is none", (text) => text.replace("cdcd", "zz")],
];

for (const [what, change] of DAMAGED) {
  test(`a record that ${what} is put aside and told of, and the others count`, async () => {
    await withRecords(async (records, folder, warnings) => {
      await records.writeQuarantine(RECORD);
      await records.writeQuarantine(OTHER);
      const path = join(folder, `quarantine-${RECORD.ukiSha256}.json`);
      await writeFile(path, change(await readFile(path, "utf8")));
      assert.deepEqual(await records.readQuarantine(), [OTHER]);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? "", /put aside/);
      assert.ok((await readdir(folder)).includes(`quarantine-${RECORD.ukiSha256}.json.damaged`));
      assert.deepEqual(await records.readQuarantine(), [OTHER]);
      assert.equal(warnings.length, 1, "told of once");
    });
  });
}

test("a hold that cannot be read is put aside, too", async () => {
  await withRecords(async (records, folder, warnings) => {
    await records.writeHold({ reason: "fair", since: "2026-11-23T03:00:00Z" });
    await writeFile(join(folder, "hold.json"), "{}");
    assert.equal(await records.readHold(), undefined);
    assert.equal(warnings.length, 1);
  });
});

test("only a digest becomes the name of a file", async () => {
  await withRecords(async (records) => {
    await assert.rejects(records.removeQuarantine("../../etc/passwd"), TypeError);
  });
});
