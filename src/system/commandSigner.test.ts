import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isSignatureOf } from "#trust/isSignatureOf.ts";
import { KeyError } from "#trust/keyError.ts";
import { createCommandSigner } from "./commandSigner.ts";

const folder = await mkdtemp(join(tmpdir(), "socle-signer-"));
after(() => rm(folder, { recursive: true }));

const PAIRS = {
  ed25519: generateKeyPairSync("ed25519"),
  "ecdsa-p256": generateKeyPairSync("ec", { namedCurve: "P-256" }),
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
};

/** A command that signs as a token would: this process never sees the key. */
async function writeToken(name: keyof typeof PAIRS): Promise<string[]> {
  const key = join(folder, `${name}.pem`);
  await writeFile(key, PAIRS[name].privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const script = join(folder, "token.mjs");
  await writeFile(
    script,
    `import { sign } from "node:crypto";
     import { readFileSync } from "node:fs";
     const key = readFileSync(process.argv[2], "utf8");
     const hash = process.argv[2].includes("ed25519") ? null : "sha256";
     process.stdout.write(sign(hash, readFileSync(0), key));`,
  );
  return [process.execPath, script, key];
}

for (const [name, { publicKey }] of Object.entries(PAIRS)) {
  test(`a command signs with ${name}, data of any size and kind`, async () => {
    const signer = createCommandSigner(await writeToken(name as keyof typeof PAIRS), publicKey);
    for (const data of [Buffer.alloc(0), Buffer.from("text\n'\"$(id)"), Buffer.alloc(1 << 20, 0xff)])
      assert.ok(isSignatureOf(data, await signer.sign(data), publicKey));
  });
}

test("a signature by another key, a changed one, and what is none are not used", async () => {
  const argv = await writeToken("ed25519");
  const wrongKey = createCommandSigner(argv, generateKeyPairSync("ed25519").publicKey);
  await assert.rejects(wrongKey.sign(Buffer.from("x")), { code: "signer-wrong-key" });
  for (const said of ["", "no signature", "x".repeat(64), "x".repeat(1000)]) {
    const signer = createCommandSigner(["printf", "%s", said], PAIRS.ed25519.publicKey);
    await assert.rejects(signer.sign(Buffer.from("x")), { code: "signer-wrong-key" });
  }
});

test("a command that fails, is missing, hangs or never stops writing ends in an error", async () => {
  const cases: [string[], RegExp][] = [
    [["false"], /the signer "false" ended with 1/],
    [["sh", "-c", "kill -9 $$"], /ended with SIGKILL/],
    [[join(folder, "nothing")], /cannot be started/],
    [["sleep", "60"], /gave no answer in 0\.3 s/],
    [["sh", "-c", "sleep 60 & echo started"], /gave no answer/],
    [["yes"], /wrote more than a signature/],
  ];
  for (const [argv, message] of cases) {
    const signer = createCommandSigner(argv, PAIRS.ed25519.publicKey, { timeoutMs: 300 });
    await assert.rejects(signer.sign(Buffer.alloc(1 << 20)), { code: "signer-failed", message });
  }
});

test("what a command says is told, but not its arguments, and nothing that looks like a secret", async () => {
  const { publicKey } = PAIRS.ed25519;
  const fails = (script: string) =>
    createCommandSigner(["sh", "-c", script, "sh", "--pin", "98765"], publicKey);
  await assert.rejects(fails("echo no token in the slot >&2; exit 2").sign(Buffer.alloc(1)), {
    outputTail: "no token in the slot",
  });
  for (const said of ["PIN=$2", "Password: $2", "-----BEGIN PRIVATE KEY-----"]) {
    await assert.rejects(fails(`echo "${said}" >&2; exit 2`).sign(Buffer.alloc(1)), (error: unknown) => {
      assert.ok(error instanceof KeyError);
      assert.equal(error.outputTail, undefined);
      assert.equal(error.hint, undefined);
      assert.doesNotMatch(`${error.stack}`, /98765|PRIVATE/);
      return true;
    });
  }
});

test("a command does not get the passphrase of other keys", async () => {
  process.env["SOCLE_KEY_PASSPHRASE"] = "hush";
  try {
    const signer = createCommandSigner(
      ["sh", "-c", "env | grep -c -e hush -e SOCLE_KEY >&2; exit 1"],
      PAIRS.ed25519.publicKey,
    );
    await assert.rejects(signer.sign(Buffer.alloc(1)), { outputTail: "0" });
  } finally {
    delete process.env["SOCLE_KEY_PASSPHRASE"];
  }
});
