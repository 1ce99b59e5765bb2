import assert from "node:assert/strict";
import { chmod, mkdtempDisposable, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { createDevelopmentAccess } from "#trust/certificates.ts";

import {
  changeContexts,
  configurationFolder,
  findContext,
  readContexts,
  type Context,
} from "./contextFile.ts";

const { ca, client } = await createDevelopmentAccess({ name: "m", now: new Date(), days: 1 });
const place = { host: "edge-01.example", port: 7443, certPem: client.cert, keyPem: client.key };
const byAuthority: Context = { ...place, caPem: ca };
const byFingerprint: Context = { ...place, fingerprint: `sha256:${"ab".repeat(32)}` };

test("what is written is read again, by its owner alone, and nothing else lies beside it", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-contexts-"));
  const file = join(folder.path, "socle", "contexts.json");
  assert.deepEqual(await readContexts(file), { current: null, contexts: {} });
  const wanted = { current: "a", contexts: { a: byAuthority, b: byFingerprint } };
  await changeContexts(file, () => wanted);
  assert.deepEqual(await readContexts(file), wanted);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(join(folder.path, "socle"))).mode & 0o777, 0o700);
  assert.deepEqual(await readdir(join(folder.path, "socle")), ["contexts.json", "contexts.json.lock"]);
});

test("changes made at once are all made", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-contexts-"));
  const file = join(folder.path, "contexts.json");
  const names = Array.from({ length: 6 }, (_, index) => `m${index}`);
  await Promise.all(
    names.map((name) =>
      changeContexts(file, (contexts) => ({
        ...contexts,
        contexts: { ...contexts.contexts, [name]: byAuthority },
      })),
    ),
  );
  assert.deepEqual(Object.keys((await readContexts(file)).contexts).toSorted(), names);
});

test("a file that others may read, or that has not its form, is not used, and no key is told", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-contexts-"));
  const file = join(folder.path, "contexts.json");
  await changeContexts(file, () => ({ current: null, contexts: { a: byAuthority } }));
  const text = await readFile(file, "utf8");
  await chmod(file, 0o640);
  await assert.rejects(readContexts(file), { code: "contexts-exposed", hint: /chmod 600/ });
  await chmod(file, 0o600);
  const cases = [
    text.slice(0, -20),
    text.replace('"port"', '"prot"'),
    text.replace("7443", "74430"),
    text.replace('"host"', '"fingerprint": "sha256:00", "host"'),
    "[]",
  ];
  for (const broken of cases) {
    await writeFile(file, broken);
    await assert.rejects(readContexts(file), (error: Error) => {
      assert.equal((error as Error & { code: string }).code, "contexts-malformed");
      assert.doesNotMatch(String(error.stack), /PRIVATE|MIG/);
      return true;
    });
  }
});

test("a context is found by its name, and by no other word", () => {
  const contexts = { current: null, contexts: { a: byAuthority } };
  assert.equal(findContext(contexts, "a"), byAuthority);
  for (const name of ["b", "toString", "__proto__"])
    assert.throws(() => findContext(contexts, name), { code: "context-unknown", hint: "Known: a" });
});

test("a person's folder is where the desktop says, or below the home", () => {
  assert.equal(configurationFolder({ XDG_CONFIG_HOME: "/c", HOME: "/h" }), "/c/socle");
  assert.equal(configurationFolder({ HOME: "/h" }), "/h/.config/socle");
});
