import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { chmod, cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isSignatureOf } from "#trust/isSignatureOf.ts";
import { KeyError } from "#trust/keyError.ts";
import { CERTIFIED_ROLES, KEY_ROLE_NAMES } from "#trust/keySet.ts";
import { rotateRole } from "./changeKeys.ts";
import { createKeyFolder } from "./createKeyFolder.ts";
import { base, copyOf, medium, now, PASSPHRASE, plain, rotation, sealed } from "./keyFolder.fixture.ts";
import {
  ensureDevelopmentKeys,
  findKeyFolder,
  openCertifiedSigner,
  openKeyFolder,
  openSigners,
} from "./keyFolder.ts";

test("private keys are for their owner alone, and nothing else holds one", async () => {
  for (const folder of [plain, sealed, medium]) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const isPrivate = path.startsWith(medium) || path.startsWith(join(folder, "private"));
      const { mode } = await stat(path);
      if (isPrivate) assert.equal(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, path);
      if (entry.isFile() && !isPrivate)
        assert.doesNotMatch(await readFile(path, "utf8"), /PRIVATE KEY/, path);
    }
  }
  const offline = (await readdir(medium)).sort().map((name) => name.split("-")[0]);
  assert.deepEqual(offline, ["KEK", "PK", "root"]);
  for (const name of await readdir(medium))
    assert.match(await readFile(join(medium, name), "utf8"), /ENCRYPTED PRIVATE KEY/);
  assert.match(await readFile(join(plain, ".gitignore"), "utf8"), /^\/private\/$/m);
});

test("every role can sign, with its own key, and OpenSSL agrees", async () => {
  const keys = await openKeyFolder(plain);
  const data = Buffer.from("what is signed");
  await writeFile(join(base, "data"), data);
  for (const role of KEY_ROLE_NAMES) {
    const signers = await openSigners(keys, role);
    assert.equal(signers.length, role === "root" ? 2 : 1);
    for (const signer of signers) {
      const { publicKey } = signer;
      const signature = await signer.sign(data);
      assert.ok(isSignatureOf(data, signature, publicKey));
      await writeFile(join(base, "signature"), signature);
      await writeFile(join(base, "key.pem"), publicKey.export({ type: "spki", format: "pem" }));
      const words = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.pem",
        "-rawin",
        "-in",
        "data",
        "-sigfile",
        "signature",
      ];
      const digest = publicKey.asymmetricKeyType === "rsa" ? ["-digest", "sha256"] : [];
      assert.match(
        execFileSync("openssl", [...words, ...digest], { cwd: base, encoding: "utf8" }),
        /Success/,
      );
    }
  }
  for (const role of CERTIFIED_ROLES) {
    const signer = await openCertifiedSigner(keys, role);
    const certificate = new X509Certificate(signer.certificate);
    assert.ok(certificate.publicKey.equals(signer.publicKey));
    assert.equal(certificate.subject, `CN=Test ${role}`);
    assert.ok(isSignatureOf(data, await signer.sign(data), certificate.publicKey));
  }
});

test("a passphrase comes from a file or the environment; without one, or with another, it is said", async () => {
  const sign = async () => openSigners(await openKeyFolder(sealed), "targets");
  await assert.rejects(sign(), { code: "passphrase-needed", hint: /SOCLE_KEY_PASSPHRASE_FILE/ });
  const file = join(base, "passphrase");
  await writeFile(file, `${PASSPHRASE}\n`);
  for (const [name, value, isRight] of [
    ["SOCLE_KEY_PASSPHRASE_FILE", file, true],
    ["SOCLE_KEY_PASSPHRASE", PASSPHRASE, true],
    ["SOCLE_KEY_PASSPHRASE", "wrong horse", false],
  ] as const) {
    process.env[name] = value;
    try {
      if (isRight) await sign();
      else await assert.rejects(sign(), { code: "passphrase-wrong" });
    } finally {
      delete process.env[name];
    }
  }
});

test("a key file that others may read is not used", async () => {
  const folder = await copyOf(plain);
  const name = (await readdir(join(folder, "private"))).find((entry) => entry.startsWith("db-"))!;
  for (const mode of [0o640, 0o604, 0o620]) {
    await chmod(join(folder, "private", name), mode);
    const open = openCertifiedSigner(await openKeyFolder(folder), "db");
    await assert.rejects(open, { code: "key-file-exposed", hint: /chmod 600/ });
  }
});

test("no error tells anything of a private key or a passphrase", async () => {
  const folder = await copyOf(sealed);
  const path = join(
    folder,
    "private",
    (await readdir(join(folder, "private"))).find((entry) => entry.startsWith("db-"))!,
  );
  const encrypted = await readFile(path, "utf8");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const other = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const secrets = [PASSPHRASE, "wrong horse", ...bodyOf(encrypted), ...bodyOf(other)];
  const contents = [
    encrypted,
    other,
    other.slice(0, 400),
    other.replace("M", "!"),
    "-----BEGIN PRIVATE KEY-----\n",
    "",
  ];
  let errors = 0;
  for (const content of contents) {
    await writeFile(path, content, { mode: 0o600 });
    const keys = await openKeyFolder(folder, () => Promise.resolve("wrong horse"));
    await assert.rejects(openCertifiedSigner(keys, "db"), (error: unknown) => {
      errors += 1;
      for (let link = error; link !== undefined; link = link instanceof Error ? link.cause : undefined) {
        assert.ok(link instanceof KeyError);
        const told = [link.stack, link.message, link.hint, link.outputTail, JSON.stringify(link)].join("\n");
        for (const secret of secrets) assert.ok(!told.includes(secret), link.code);
      }
      return true;
    });
  }
  assert.equal(errors, contents.length);

  function bodyOf(pem: string): string[] {
    return pem.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----"));
  }
});

test("root metadata that were changed, lost or swapped are not worked with", async () => {
  const changes: ((folder: string) => Promise<void>)[] = [
    (folder) => rm(join(folder, "root/1.root.json")),
    async (folder) => {
      const file = join(folder, "root/2.root.json");
      await writeFile(file, (await readFile(file, "utf8")).replace('"threshold": 2', '"threshold": 1'));
    },
    (folder) => cp(join(folder, "root/1.root.json"), join(folder, "root/2.root.json")),
  ];
  const rotated = await copyOf(plain);
  await rotateRole(rotated, "timestamp", rotation);
  for (const change of changes) {
    const folder = await copyOf(rotated);
    await change(folder);
    await assert.rejects(openKeyFolder(folder), { code: "root-metadata-malformed" });
  }
  await assert.rejects(openKeyFolder(join(base, "nowhere")), { code: "keys-missing" });
  await assert.rejects(createKeyFolder(rotated, { name: "x", development: false, now }), {
    code: "keys-exist",
  });
});

test("development keys are made once, also by two at once, and say what they are", async () => {
  const folder = join(base, "workspace/keys/development");
  const made = await Promise.all([ensureDevelopmentKeys(folder), ensureDevelopmentKeys(folder)]);
  assert.equal(made.filter((isMade) => isMade).length, 1);
  assert.equal(await ensureDevelopmentKeys(folder), false);
  const { keySet } = await openKeyFolder(folder);
  assert.equal(keySet.development, true);
  assert.match(new X509Certificate(keySet.roles.db.keys[0]!.certificate!).subject, /development/);
});

test("keys are those that were named, those beside the definition, or the development set", async () => {
  const workspace = { keys: join(base, "workspace/keys") };
  const project = join(base, "project");
  await mkdir(join(project, "keys"), { recursive: true });
  const definitionFile = join(project, "system.ts");
  const find = (option?: string) => findKeyFolder({ option, definitionFile, workspace });
  assert.deepEqual(await find(plain), { folder: plain, development: false });
  const development = { folder: join(workspace.keys, "development"), development: true };
  assert.deepEqual(await find(), development);
  await cp(join(plain, "keys.json"), join(project, "keys/keys.json"));
  assert.deepEqual(await find(), { folder: join(project, "keys"), development: false });
});
