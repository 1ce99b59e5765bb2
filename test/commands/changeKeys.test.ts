import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { cp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Metadata, MetadataKind } from "@tufjs/models";
import { activeKeys, type KeyRole } from "#trust/keySet.ts";
import { parsePublicKey } from "#trust/publicKeys.ts";
import { renewRootMetadata, revoke, rotateRole } from "#system/changeKeys.ts";
import { createKeyFolder } from "#system/createKeyFolder.ts";
import { base, copyOf, medium, now, PASSPHRASE, plain, rotation, sealed } from "#system/keyFolder.fixture.ts";
import { openCertifiedSigner, openKeyFolder, openSigners } from "#system/keyFolder.ts";

test("after rotations each root metadata is trusted by a client that had the one before", async () => {
  const folder = await copyOf(plain);
  await rotateRole(folder, "timestamp", rotation);
  await rotateRole(folder, "root", rotation);
  const { keys } = (await openKeyFolder(folder)).keySet.roles.root;
  await rotateRole(folder, "root", { ...rotation, replace: keys.at(-1)!.id.slice(0, 12) });
  await rotateRole(folder, "targets", { ...rotation, count: { threshold: 2, count: 2 } });
  await renewRootMetadata(folder, { now: new Date(now.getTime() + 86_400_000) });
  await revoke(folder, activeKeys((await openKeyFolder(folder)).keySet, "root")[0]!.id, { now });
  const { keySet, rootMetadata } = await openKeyFolder(folder);
  assert.equal(rootMetadata.length, 7);
  const roots = rootMetadata.map((text) => Metadata.fromJSON(MetadataKind.Root, JSON.parse(text)));
  for (const [index, root] of roots.entries()) {
    assert.equal(root.signed.version, index + 1);
    (roots[index - 1] ?? root).verifyDelegate("root", root);
    root.verifyDelegate("root", root);
  }
  const counted = roots.map(
    ({ signed }) => `${signed.roles["root"]!.threshold}/${signed.roles["root"]!.keyIDs.length}`,
  );
  assert.deepEqual(counted, ["2/3", "2/3", "2/3", "2/3", "2/3", "2/3", "2/2"]);
  assert.equal(roots.at(-1)!.signed.roles["targets"]!.threshold, 2);
  assert.ok(roots[5]!.signed.expires > roots[4]!.signed.expires);
  assert.deepEqual(keySet.roles.root.keys.map(({ state }) => state).sort(), [
    "active",
    "active",
    "retired",
    "retired",
    "retired",
    "retired",
    "revoked",
  ]);
});

test("a rotated Secure Boot key leaves its certificate, and the new one carries the same name", async () => {
  const folder = await copyOf(plain);
  const { fresh, retired } = await rotateRole(folder, "db", rotation);
  const keys = await openKeyFolder(folder);
  assert.equal(keys.keySet.rootVersion, 1);
  assert.deepEqual(
    keys.keySet.roles.db.keys.map(({ state }) => state),
    ["retired", "active"],
  );
  assert.equal(keys.keySet.roles.db.keys[0]!.certificate, retired[0]!.certificate);
  assert.equal(new X509Certificate(fresh[0]!.certificate!).subject, "CN=Test db");
  assert.ok((await openCertifiedSigner(keys, "db")).publicKey.equals(parsePublicKey(fresh[0]!.publicKey)));
  await revoke(folder, retired[0]!.id, { now });
  await assert.rejects(revoke(folder, fresh[0]!.id, { now }), { code: "last-key" });
});

test("two of three root keys are enough when one is lost; with two lost the error names a file", async () => {
  const folder = await copyOf(plain);
  const [one, two] = (await openKeyFolder(folder)).keySet.roles.root.keys.map(({ signer }) =>
    signer.kind === "file" ? join(folder, signer.path) : "",
  );
  await rm(one!);
  await rotateRole(folder, "snapshot", rotation);
  await rm(two!);
  const before = await readFile(join(folder, "keys.json"), "utf8");
  await assert.rejects(rotateRole(folder, "snapshot", rotation), {
    code: "key-missing",
    message: new RegExp(two!),
  });
  assert.equal(await readFile(join(folder, "keys.json"), "utf8"), before);
});

test("keys that were taken offline are found where they are now, and new ones stay with them", async () => {
  const folder = await copyOf(sealed);
  const elsewhere = await copyOf(medium);
  const keys = await openKeyFolder(folder, () => Promise.resolve(PASSPHRASE));
  await rename(medium, `${medium}.away`);
  try {
    await assert.rejects(openSigners(keys, "root"), { code: "key-missing", hint: /--key-folder/ });
    await assert.rejects(rotateRole(folder, "PK", rotation), { code: "key-missing" });
    process.env["SOCLE_KEY_PASSPHRASE"] = PASSPHRASE;
    const asked: string[] = [];
    const choosePassphrase = async (place: string) => {
      asked.push(place);
      return PASSPHRASE;
    };
    const { fresh } = await rotateRole(folder, "root", { now, keysAt: elsewhere, choosePassphrase });
    assert.deepEqual(asked, [elsewhere]);
    const name = `root-${fresh[0]!.id.slice(0, 12)}.pem`;
    assert.match(await readFile(join(elsewhere, name), "utf8"), /ENCRYPTED/);
    assert.deepEqual(
      (await readdir(join(folder, "private"))).filter((entry) => entry.startsWith("root")),
      [],
    );
  } finally {
    delete process.env["SOCLE_KEY_PASSPHRASE"];
    await rename(`${medium}.away`, medium);
  }
});

test("a rotation that is interrupted anywhere leaves the old keys or the new ones, and can be done again", async () => {
  for (const role of ["root", "timestamp", "db"] as const) {
    const before = await copyOf(plain);
    const after = await copyOf(before);
    await rotateRole(after, role, rotation);
    const changed = await listChanged(before, after);
    // In the order in which they are written; keys.json is last, so every other is new.
    const order = ["private/", "root/", "keys.json"];
    const steps = changed.sort((a, b) => rank(a) - rank(b));
    assert.equal(steps.at(-1), "keys.json");
    for (let done = 0; done <= steps.length; done += 1) {
      const folder = await copyOf(before);
      for (const path of steps.slice(0, done)) await cp(join(after, path), join(folder, path));
      await writeFile(join(folder, "keys.json.0123456789ab.tmp"), "half");
      const opened = await openKeyFolder(folder);
      const source = done === steps.length ? after : before;
      assert.deepEqual(opened.keySet, (await openKeyFolder(source)).keySet);
      await openSigners(opened, role);
      await rotateRole(folder, "snapshot", rotation);
      await openSigners(await openKeyFolder(folder), "snapshot");
    }
    function rank(path: string): number {
      return order.findIndex((start) => path.startsWith(start));
    }
  }

  async function listChanged(before: string, after: string): Promise<string[]> {
    const changed: string[] = [];
    for (const path of await readdir(after, { recursive: true })) {
      if (!(await stat(join(after, path))).isFile()) continue;
      const old = await readFile(join(before, path), "utf8").catch(() => undefined);
      if (old !== (await readFile(join(after, path), "utf8"))) changed.push(path);
    }
    return changed;
  }
});

test("two rotations at once are done one after the other", async () => {
  const folder = await copyOf(plain);
  await Promise.all([rotateRole(folder, "timestamp", rotation), rotateRole(folder, "snapshot", rotation)]);
  const { keySet } = await openKeyFolder(folder);
  assert.equal(keySet.rootVersion, 3);
  for (const role of ["timestamp", "snapshot"] as const) assert.equal(keySet.roles[role].keys.length, 2);
});

test("a key behind a command signs as one in a file does, and one that is away is replaced by another", async () => {
  const tokens = await Promise.all([0, 1].map((index) => makeToken(join(base, `token-${index}`))));
  const folder = join(base, "external");
  const counts: Partial<Record<KeyRole, { threshold: number; count: number }>> = {
    root: { threshold: 2, count: 3 },
  };
  const rsa = await makeToken(join(base, "token-db"), "rsa");
  await createKeyFolder(folder, {
    name: "Test",
    development: false,
    now,
    counts,
    external: { root: tokens, db: [rsa] },
  });
  const keys = await openKeyFolder(folder);
  const { certificate } = await openCertifiedSigner(keys, "db");
  assert.ok(new X509Certificate(certificate).verify(rsa.publicKey));
  await rotateRole(folder, "timestamp", rotation);
  await rm(join(base, "token-0.pem"));
  await rotateRole(folder, "timestamp", rotation);
  await rm(join(base, "token-1.pem"));
  await assert.rejects(rotateRole(folder, "timestamp", rotation), { code: "signer-failed" });

  const wrong = { ...rsa, publicKey: generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey };
  const other = join(base, "external-wrong");
  await assert.rejects(
    createKeyFolder(other, { name: "Test", development: false, now, external: { db: [wrong] } }),
    {
      code: "signer-wrong-key",
    },
  );
  await assert.rejects(
    createKeyFolder(other, { name: "Test", development: false, now, external: { root: [rsa] } }),
    {
      code: "signer-unclear",
    },
  );
  await assert.rejects(openKeyFolder(other), { code: "keys-missing" });

  async function makeToken(path: string, type: "ed25519" | "rsa" = "ed25519") {
    const { publicKey, privateKey } =
      type === "rsa" ? generateKeyPairSync("rsa", { modulusLength: 2048 }) : generateKeyPairSync("ed25519");
    await writeFile(`${path}.pem`, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const script = `const { sign } = require("node:crypto"); const { readFileSync } = require("node:fs");
      process.stdout.write(sign(${type === "rsa" ? '"sha256"' : "null"}, readFileSync(0), readFileSync(process.argv[1])));`;
    return {
      argv: [process.execPath, "-e", script, `${path}.pem`],
      publicKey: createPublicKey(publicKey.export({ type: "spki", format: "pem" })),
    };
  }
});
