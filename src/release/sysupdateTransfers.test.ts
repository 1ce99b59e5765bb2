import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { toSysupdateTransfers } from "./sysupdateTransfers.ts";

const SOURCE = { id: "minimal", url: "https://updates.example.org/targets/stable/", signed: true };

test("docs/publishing.md has the transfer files as they are made", async () => {
  const text = await readFile(join(import.meta.dirname, "../../docs/publishing.md"), "utf8");
  for (const [name, content] of Object.entries(toSysupdateTransfers(SOURCE)))
    assert.ok(text.includes(`\`/etc/sysupdate.d/${name}\`:\n\n\`\`\`ini\n${content}\`\`\`\n`), name);
});

test("the kernel image comes last, and without signatures there is no slot for one", () => {
  const signed = Object.keys(toSysupdateTransfers(SOURCE));
  assert.deepEqual(signed, signed.toSorted());
  assert.match(signed.at(-1) ?? "", /uki/);
  const unsigned = Object.keys(toSysupdateTransfers({ ...SOURCE, signed: false }));
  assert.deepEqual(
    unsigned,
    signed.filter((name) => !name.includes("-sig")),
  );
});
