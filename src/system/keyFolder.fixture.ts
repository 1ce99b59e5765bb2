import { rmSync } from "node:fs";
import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rotation } from "./changeKeys.ts";
import { createKeyFolder } from "./createKeyFolder.ts";

/** A folder for tests of keys; it goes with the process. */
export const base = await mkdtemp(join(tmpdir(), "socle-keys-"));
process.once("exit", () => rmSync(base, { recursive: true, force: true }));

export const PASSPHRASE = "correct horse battery";
export const now = new Date();
export const rotation: Rotation = {
  now,
  choosePassphrase: () => Promise.reject(new Error("nobody should be asked")),
};

const shared = { name: "Test", development: false, now };

/** RSA keys take their time: each test that changes something starts from a copy of one of these. */
export const plain = join(base, "plain");
await createKeyFolder(plain, { ...shared, counts: { root: { threshold: 2, count: 3 } } });

/** Everything has a passphrase; root, PK and KEK are on a medium. */
export const sealed = join(base, "sealed/keys");
export const medium = join(base, "sealed/medium");
await createKeyFolder(sealed, { ...shared, offline: medium, passphrase: PASSPHRASE });

let copies = 0;

export async function copyOf(folder: string): Promise<string> {
  copies += 1;
  const copy = join(base, `copy-${copies}`);
  await cp(folder, copy, { recursive: true });
  return copy;
}
