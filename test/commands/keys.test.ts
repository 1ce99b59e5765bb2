import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const SOCLE = join(import.meta.dirname, "../../bin/socle");

const folder = await mkdtemp(join(tmpdir(), "socle-keys-cli-"));
after(() => rm(folder, { recursive: true }));

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** In a folder of this test, with a workspace of its own and no terminal. */
function keys(words: readonly string[], environment: Record<string, string> = {}): Promise<Outcome> {
  const env = {
    ...process.env,
    NO_COLOR: "1",
    CI: "1",
    LANG: "C.UTF-8",
    SOCLE_HOME: join(folder, "home"),
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(SOCLE, ["keys", ...words], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

interface Listed {
  readonly development: boolean;
  readonly rootMetadata: { version: number };
  readonly keys: readonly {
    role: string;
    id: string;
    state: string;
    signer: { kind: string; path?: string };
  }[];
}

async function list(...words: string[]): Promise<Listed> {
  const { stdout, stderr } = await keys(["list", "-o", "json", ...words]);
  assert.equal(stderr, "");
  return JSON.parse(stdout) as Listed;
}

test("keys are made, listed, rotated, revoked and exported by commands", async () => {
  const made = await keys(["init", "--role", "root=2/3", "--offline", "usb", "--name", "Edge"]);
  assert.equal(made.exitCode, 0, made.stderr);
  assert.match(made.stdout, /keys\/private: never commit[^]*root, PK, KEK in .*usb/);
  assert.equal((await stat(join(folder, "usb"))).mode & 0o777, 0o700);

  const before = await list();
  assert.equal(before.keys.length, 11);
  const old = before.keys.find(({ role }) => role === "db")!;
  const table = await keys(["list"]);
  assert.match(
    table.stdout,
    new RegExp(`^db +${old.id.slice(0, 12)} +rsa-2048 +active +1 of 1 +20\\d\\d-`, "m"),
  );

  assert.equal((await keys(["rotate", "db"])).exitCode, 0);
  assert.equal((await keys(["rotate", "timestamp"])).exitCode, 0);
  const unasked = await keys(["revoke", old.id.slice(0, 12)]);
  assert.equal(unasked.exitCode, 2);
  assert.match(unasked.stderr, /Plan: revoke db .* \(retired\)[^]*dbx\.esl[^]*--yes/);
  assert.equal((await keys(["revoke", old.id.slice(0, 12), "--yes"])).exitCode, 0);
  const later = await list();
  assert.equal(later.rootMetadata.version, 2);
  assert.deepEqual(
    later.keys.filter(({ role }) => role === "db").map(({ state }) => state),
    ["revoked", "active"],
  );

  const exported = await keys(["export", "--output", "out", "-q"]);
  assert.equal(exported.stdout, `${join(folder, "out")}\n`);
  assert.deepEqual((await readdir(join(folder, "out"))).filter((name) => /esl$|json$/.test(name)).sort(), [
    "KEK.esl",
    "PK.esl",
    "db.esl",
    "dbx.esl",
    "root.json",
  ]);
  const subject = execFileSync("openssl", [
    "x509",
    "-inform",
    "DER",
    "-in",
    join(folder, "out/PK.cer"),
    "-noout",
    "-subject",
  ]);
  assert.match(subject.toString(), /CN = Edge PK/);
  assert.equal(
    await readFile(join(folder, "out/root.json"), "utf8"),
    await readFile(join(folder, "keys/root/2.root.json"), "utf8"),
  );
  assert.match((await keys(["init"])).stderr, /there are keys already/);
});

test("a key of a token: the command is not run by a shell, and its options are told apart", async () => {
  execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", join(folder, "token.pem")]);
  execFileSync("openssl", [
    "pkey",
    "-in",
    join(folder, "token.pem"),
    "-pubout",
    "-out",
    join(folder, "token.pub"),
  ]);
  await mkdir(join(folder, "my tools"));
  // OpenSSL signs Ed25519 from a file only.
  const script = `#!/bin/sh\nd=$(mktemp) && cat > "$d" && openssl pkeyutl -sign -rawin -inkey "$2" -in "$d"; rm "$d"\n`;
  await writeFile(join(folder, "my tools/sign"), script, { mode: 0o755 });
  const signer = `targets='my tools/sign' '; touch harm #' ${join(folder, "token.pem")}`;
  const words = ["init", "with-token", "--signer", signer];
  const unclear = await keys(words);
  assert.equal(unclear.exitCode, 2);
  assert.match(unclear.stderr, /1 signers, 0 public keys[^]*--public-key/);
  const privateOne = await keys([...words, "--public-key", "targets=token.pem"]);
  assert.match(privateOne.stderr, /"token\.pem": it is not a public key/);
  const made = await keys([...words, "--public-key", "targets=token.pub"]);
  assert.equal(made.exitCode, 0, made.stderr);
  assert.ok(!(await readdir(folder)).includes("harm"));
  const { keys: listed } = await list("--keys", "with-token");
  assert.equal(listed.find(({ role }) => role === "targets")!.signer.kind, "command");
});

test("words that are not allowed are refused before anything is made", async () => {
  for (const [words, says] of [
    [["init", "x", "--role", "root=3/2"], /M\/N/],
    [["init", "x", "--role", "PK=1/2"], /PK has one key/],
    [["init", "x", "--role", "boot=1/1"], /with a role of: root, targets/],
    [["init", "x", "--signer", "db='open"], /close every quote/],
    [["init", "x", "--name", "a/b"], /letters/],
    [["rotate", "boot"], /use one of: root/],
  ] as const) {
    const { exitCode, stderr } = await keys(words);
    assert.equal(exitCode, 2);
    assert.match(stderr, says);
  }
  assert.ok(!(await readdir(folder)).includes("x"));
});

test("a passphrase is taken from the environment, and no key can be used without", async () => {
  const secret = { SOCLE_KEY_PASSPHRASE: "a passphrase" };
  const unasked = await keys(["init", "sealed", "--passphrase"]);
  assert.match(unasked.stderr, /passphrase-needed/);
  assert.equal((await keys(["init", "sealed", "--passphrase"], secret)).exitCode, 0);
  for (const name of await readdir(join(folder, "sealed/private")))
    assert.match(await readFile(join(folder, "sealed/private", name), "utf8"), /ENCRYPTED/);
  assert.match((await keys(["renew", "--keys", "sealed"])).stderr, /passphrase-needed/);
  const wrong = await keys(["renew", "--keys", "sealed"], { SOCLE_KEY_PASSPHRASE: "another one" });
  assert.match(wrong.stderr, /passphrase-wrong/);
  assert.doesNotMatch(wrong.stderr, /another one/);
  assert.equal((await keys(["renew", "--keys", "sealed"], secret)).exitCode, 0);
});

test("where there are no keys it says how to make them", async () => {
  const { exitCode, stderr } = await keys(["list", "--keys", "nowhere"]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /no keys in[^]*socle keys init[^]*keys-missing/);
});

test("a passphrase that is typed is not shown", async () => {
  const { SOCLE_KEY_PASSPHRASE: _none, ...env } = process.env;
  const command = `${SOCLE} keys init typed --passphrase`;
  const terminal = spawn("script", ["-qec", command, "/dev/null"], { cwd: folder, env, detached: true });
  let shown = "";
  let answered = 0;
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    const asked = [/New passphrase for the keys/, /The same again/][answered];
    if (asked?.test(shown) !== true) return;
    answered += 1;
    terminal.stdin.write("swordfish\n");
  });
  const [exitCode] = (await once(terminal, "close")) as [number];
  assert.equal(exitCode, 0, shown);
  assert.equal(answered, 2);
  assert.match(shown, /keys are in typed/);
  assert.doesNotMatch(shown, /swordfish/);
});
