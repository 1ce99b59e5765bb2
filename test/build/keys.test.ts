import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { revoke, rotateRole } from "#system/changeKeys.ts";
import { createKeyFolder } from "#system/createKeyFolder.ts";
import { findIsolation } from "#system/isolation.ts";
import { openKeyFolder } from "#system/keyFolder.ts";
import { ToolsTree } from "#system/toolsTree.ts";
import { SIGNATURE_OWNER } from "#trust/efiSignatureList.ts";
import { planKeyExport } from "#trust/planKeyExport.ts";

import { CLONE } from "./workspace.ts";

const folder = await mkdtemp(join(tmpdir(), "socle-keys-tools-"));
after(() => rm(folder, { recursive: true }));

const tools = new ToolsTree(
  (await readFile(join(CLONE, ".socle/tools/current"), "utf8")).trim(),
  await findIsolation(),
);
const now = new Date();
const rotation = { now, choosePassphrase: () => Promise.reject(new Error("nobody should be asked")) };

const keys = join(folder, "keys");
await createKeyFolder(keys, {
  name: "Test",
  development: false,
  now,
  counts: { root: { threshold: 2, count: 3 } },
});
await rotateRole(keys, "root", rotation);
await rotateRole(keys, "timestamp", rotation);
const { retired } = await rotateRole(keys, "db", rotation);
await revoke(keys, retired[0]!.id, { now });
await rotateRole(keys, "db", rotation);
const { keySet, rootMetadata } = await openKeyFolder(keys);
for (const { name, content } of planKeyExport(keySet, rootMetadata))
  await writeFile(join(folder, name), content);

test("python3-tuf trusts each root metadata through the one before", async () => {
  const script = `
import sys
from tuf.api.metadata import Metadata, Root
roots = [Metadata[Root].from_file(name) for name in sys.argv[1:]]
for version, root in enumerate(roots, 1):
    trusted = roots[max(version - 2, 0)]
    trusted.verify_delegate("root", root)
    root.verify_delegate("root", root)
    assert root.signed.version == version
print(len(roots))
`;
  const files = rootMetadata.map((_, index) => join(keys, "root", `${index + 1}.root.json`));
  const { stdout } = await tools.run(["python3", "-c", script, ...files], { folders: [folder] });
  assert.equal(stdout.trim(), "3");
});

test("virt-fw-vars reads every signature list, and finds the certificates in it", async () => {
  const script = `
import sys
from cryptography import x509
from virt.firmware.efi import siglist
for name in sys.argv[1:]:
    data = open(name, "rb").read()
    lists = siglist.EfiSigDB(data)
    assert bytes(lists) == data
    entries = [entry for one in lists for entry in one]
    print(*[str(entry["guid"]) + "=" + x509.load_der_x509_certificate(entry["data"]).subject.rfc4514_string() for entry in entries], sep=",")
`;
  const files = ["PK", "KEK", "db", "dbx"].map((name) => join(folder, `${name}.esl`));
  const { stdout } = await tools.run(["python3", "-c", script, ...files], { folders: [folder] });
  const entry = (name: string) => `${SIGNATURE_OWNER}=CN=Test ${name}`;
  assert.deepEqual(stdout.trim().split("\n"), [
    entry("PK"),
    entry("KEK"),
    `${entry("db")},${entry("db")}`,
    entry("db"),
  ]);
});

test("sbsign and sbverify take the key and the certificate of db", async () => {
  const db = keySet.roles.db.keys.at(-1)!;
  assert.ok(db.signer.kind === "file");
  const [boot, signed] = ["/usr/lib/systemd/boot/efi/systemd-bootx64.efi", join(folder, "signed.efi")];
  const key = join(keys, db.signer.path);
  const certificate = join(folder, "db.crt");
  const script = 'sbsign --key "$1" --cert "$2" --output "$3" "$4" && sbverify --cert "$2" "$3"';
  const { stdout } = await tools.runScript(script, [key, certificate, signed, boot], { folders: [folder] });
  assert.match(stdout, /Signature verification OK/);
});
