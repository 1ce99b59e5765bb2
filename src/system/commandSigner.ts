import { spawn } from "node:child_process";
import type { KeyObject } from "node:crypto";
import { KeyError } from "#trust/keyError.ts";
import type { Signer } from "#trust/signer.ts";
import { withoutPassphrase } from "./passphrase.ts";
import { verifyOwnSignature } from "./verifyOwnSignature.ts";

/** A person may have to find a token and touch it. */
const PATIENCE_MS = 120_000;
/** RSA-4096 makes 512 bytes. */
const LONGEST_SIGNATURE = 1024;
const TAIL_CHARACTERS = 2000;

/** A signer behind a command: data on its standard input, the raw signature on its standard output, no shell. */
export function createCommandSigner(
  argv: readonly string[],
  publicKey: KeyObject,
  { timeoutMs = PATIENCE_MS }: { readonly timeoutMs?: number } = {},
): Signer {
  // The program alone: what follows it may be meant for it only.
  const title = `the signer "${argv[0] ?? ""}"`;
  return {
    publicKey,
    sign: async (data) =>
      verifyOwnSignature(data, await runSigner(argv, data, title, timeoutMs), publicKey, title),
  };
}

async function runSigner(
  [program = "", ...args]: readonly string[],
  data: Uint8Array,
  title: string,
  timeoutMs: number,
): Promise<Uint8Array> {
  // It stays in our session: a token's tool asks for its PIN on the terminal.
  const child = spawn(program, args, { env: withoutPassphrase(), stdio: ["pipe", "pipe", "pipe"] });
  const patience = AbortSignal.timeout(timeoutMs);
  const signature: Buffer[] = [];
  let signatureBytes = 0;
  let said = "";
  child.stdin.on("error", () => {}); // one that does not read says why by its exit status
  child.stdin.end(data);
  child.stderr
    .setEncoding("utf8")
    .on("data", (text: string) => (said = (said + text).slice(-TAIL_CHARACTERS)));
  try {
    const end = await new Promise<string | undefined>((resolve, reject) => {
      child.once("error", () => resolve("cannot be started"));
      child.once("close", (status, by) =>
        resolve(status === 0 ? undefined : `ended with ${by ?? String(status)}`),
      );
      patience.addEventListener("abort", () => resolve(`gave no answer in ${timeoutMs / 1000} s`), {
        once: true,
      });
      child.stdout.once("error", reject).on("data", (chunk: Buffer) => {
        signatureBytes += chunk.length;
        if (signatureBytes > LONGEST_SIGNATURE)
          resolve(`wrote more than a signature's ${LONGEST_SIGNATURE} bytes`);
        else signature.push(chunk);
      });
    });
    if (end === undefined) return Buffer.concat(signature);
    throw new KeyError("signer-failed", `Cannot sign: ${title} ${end}`, { outputTail: tellable(said) });
  } finally {
    child.kill("SIGKILL");
    // A process that it left behind may hold these open.
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** What a signer says is shown, unless it looks as if it had said a secret. */
function tellable(said: string): string | undefined {
  const text = said.trim();
  const isSecret = /PRIVATE KEY|\b(?:pin|passphrase|password|secret|token)\b\s*[=:]/i.test(text);
  return text === "" || isSecret ? undefined : text;
}
