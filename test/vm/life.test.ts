/** A machine's whole life, driven by nothing but the command line over mutual TLS: what an administrator has. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { remove } from "#system/files.ts";

import { createTestMachine } from "./harness.ts";
import { openTestRepository } from "./updateRepository.ts";
import { buildUpdateSystem } from "./updateReleases.ts";

const SOCLE = join(import.meta.dirname, "../../bin/socle");
const BOOT_TIMEOUT_MS = 600_000;
const UPDATE_TIMEOUT_MS = 900_000;
const CALL_TIMEOUT_MS = 180_000;
const PAUSE_MS = 5_000;

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `socle` with a home of its own, as somebody would use it who has nothing yet. */
async function openAdministrator(t: TestContext) {
  const home = await mkdtemp(join(tmpdir(), "socle-life-"));
  t.after(() => remove(home));
  const env = {
    ...process.env,
    XDG_CONFIG_HOME: join(home, "config"),
    NO_COLOR: "1",
    CI: "1",
    LANG: "C.UTF-8",
  };
  const run = async (words: readonly string[], timeout = CALL_TIMEOUT_MS): Promise<Outcome> =>
    new Promise((resolve) => {
      execFile(SOCLE, [...words], { cwd: home, env, timeout, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
        resolve({
          exitCode: typeof error?.code === "number" ? error.code : error === null ? 0 : -1,
          stdout,
          stderr,
        }),
      );
    });
  const tell = async (words: readonly string[], timeout?: number): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(words, timeout);
    assert.equal(exitCode, 0, `socle ${words.join(" ")}: exit code ${exitCode}\n${stdout}\n${stderr}`);
    return stdout;
  };
  return {
    home,
    run,
    tell,
    /** What a command says as a document. */
    ask: async <T>(words: readonly string[], timeout?: number): Promise<T> =>
      JSON.parse(await tell([...words, "-o", "json"], timeout)) as T,
    write: async (name: string, content: string) => writeFile(join(home, name), content),
  };
}

const toDocument = (access: string, repository: string, more: string) =>
  `apiVersion: socle/v1
kind: MachineConfiguration
${more}
update:
  repository: ${repository}
  channel: test
  mode: manual
${access}`;

interface Status {
  readonly healthy: boolean;
  readonly image: { readonly version: string };
  readonly name: string;
  readonly configuration: { readonly generation: number };
}

test("a machine is driven through its whole life by the command line alone", async (t) => {
  const v10 = await buildUpdateSystem("1.0");
  const v11 = await buildUpdateSystem("1.1");
  const repository = await openTestRepository(t);
  await repository.publish(v10);
  await repository.publish(v11);
  const boss = await openAdministrator(t);
  const { tell, ask, run } = boss;
  await using vm = await createTestMachine(t, v10, { firmware: "uefi", maintenance: true });
  const at = ["--host", vm.access.host, "--port", String(vm.access.port)];
  /** As the console shows it. */
  const waitForFingerprint = async () => {
    const line = await vm.machine.waitForLine(/sha256:[0-9A-Fa-f:]{64,}/, BOOT_TIMEOUT_MS);
    return /sha256:[0-9A-Fa-f:]{64,}/.exec(line)?.[0] ?? "";
  };
  const waitForHealthy = async (what: string) => {
    for (const endAt = performance.now() + BOOT_TIMEOUT_MS; performance.now() < endAt;) {
      const { exitCode, stdout } = await run(["status", "edge", "-o", "json"]);
      const status = exitCode === 0 || stdout.startsWith("{") ? (JSON.parse(stdout) as Status) : undefined;
      if (status?.healthy === true) return status;
      await sleep(PAUSE_MS); // while it answers it does not boot
    }
    throw new Error(`${what}: the machine did not become healthy`);
  };
  const failed: string[] = [];
  let fingerprint = "";
  let access = "";
  const part = async (name: string, work: () => Promise<void>) =>
    t.test(name, { skip: fingerprint !== "" && access === "" && "nobody is let in" }, async () => {
      failed.push(name);
      await work();
      failed.pop();
    });

  await part(
    "first contact: it waits with its fingerprint on the console, and takes a configuration once",
    async () => {
      await vm.machine.start();
      fingerprint = await waitForFingerprint();
      await tell(["access", "init"]);
      await tell(["access", "grant", "boss", "--role", "admin"]);
      await tell(["access", "grant", "guest", "--role", "reader"]);
      access = await tell(["access", "show"]);
      await boss.write("machine.yaml", toDocument(access, repository.url, "hostname: edge-01"));
      const insecure = ["config", "apply", "machine.yaml", "--insecure", ...at];

      const wrong = await run([...insecure, "--fingerprint", `sha256:${"0".repeat(64)}`]);
      assert.equal(wrong.exitCode, 4, wrong.stderr);
      await boss.write("closed.yaml", toDocument("", repository.url, "hostname: edge-01"));
      const closed = await run([
        "config",
        "apply",
        "closed.yaml",
        "--insecure",
        ...at,
        "--fingerprint",
        fingerprint,
      ]);
      assert.notEqual(closed.exitCode, 0, "a configuration that lets nobody in is refused");
      assert.match(closed.stdout + closed.stderr, /access/);

      await tell([...insecure, "--fingerprint", fingerprint]);
      for (const [name, who] of [
        ["edge", "boss"],
        ["guest", "guest"],
      ] as const)
        await tell([
          "context",
          "add",
          name,
          ...at,
          "--access",
          `${who}.access.json`,
          "--fingerprint",
          fingerprint,
        ]);
      await tell(["context", "use", "edge"]);
      assert.equal((await waitForHealthy("after first contact")).name, "edge-01");
      const again = await run([...insecure, "--fingerprint", fingerprint]);
      assert.notEqual(again.exitCode, 0, "only once");
    },
  );

  await part("a reader looks, and changes nothing", async () => {
    await tell(["status", "guest"]);
    const refused = await run(["config", "apply", "machine.yaml", "--context", "guest"]);
    assert.equal(refused.exitCode, 4, refused.stderr);
    assert.match(refused.stderr, /needs the role admin/);
  });

  await part("a change is shown before it is made, made as a whole, and remembered", async () => {
    const more = "hostname: edge-02\nsysctls:\n  net.ipv4.ip_forward: 1\ntime:\n  zone: Europe/Paris";
    await boss.write("machine.yaml", toDocument(access, repository.url, more));
    const plan = await ask<{ files: { path: string }[] }>(["config", "apply", "machine.yaml", "--dry-run"]);
    assert.ok(
      plan.files.some(({ path }) => path.endsWith("hostname")),
      JSON.stringify(plan),
    );
    assert.equal((await ask<Status>(["status"])).name, "edge-01");

    await boss.write(
      "wrong.yaml",
      toDocument(access, repository.url, "hostname: 'no host name'\nfavourite: blue"),
    );
    const wrong = await run(["config", "apply", "wrong.yaml"]);
    assert.notEqual(wrong.exitCode, 0);
    for (const path of ["hostname", "favourite"]) assert.match(wrong.stdout + wrong.stderr, new RegExp(path));

    await tell(["config", "apply", "machine.yaml", "--reason", "another name"]);
    assert.equal((await ask<Status>(["status"])).name, "edge-02");
    assert.equal((await tell(["files", "cat", "/proc/sys/net/ipv4/ip_forward"])).trim(), "1");
    const history = await tell(["config", "history"]);
    assert.match(history, /another name/);
    const diff = await run(["config", "diff", "1", "2"]);
    assert.equal(diff.exitCode, 1, "as diff(1) ends where there are differences");
    assert.match(diff.stdout, /hostname +"edge-01" → "edge-02"/);
  });

  await part("a network change that cuts the machine off goes back by itself", async () => {
    const more = `hostname: edge-02
network:
  interfaces:
    - match: { name: "en*" }
      addresses: [192.0.2.10/24]`;
    await boss.write("cut-off.yaml", toDocument(access, repository.url, more));
    await run(
      ["config", "apply", "cut-off.yaml", "--try", "45s", "--reason", "cuts itself off"],
      BOOT_TIMEOUT_MS,
    );
    await waitForHealthy("after the trial");
    const history = await ask<unknown>(["config", "history"]);
    assert.match(JSON.stringify(history), /"reverted"/);
    assert.doesNotMatch(JSON.stringify(await ask<unknown>(["network"])), /192\.0\.2\.10/);
  });

  await part("everything that a machine shows can be asked", async () => {
    for (const view of ["boots", "processes", "disks", "sockets", "network", "time", "services"])
      assert.notEqual(await tell([view]), "", view);
    assert.match(await tell(["logs", "--unit", "socle-agent.service", "--lines", "50"]), /listening/);
    assert.match(await tell(["logs", "--grep", "audit", "--lines", "200"]), /ApplyConfiguration/);
    assert.match(await tell(["dmesg"]), /Linux version/);
    assert.match(await tell(["files", "cat", "/etc/os-release"]), /VERSION_ID=1\.0/);
    const secret = await run(["files", "cat", "/etc/shadow"]);
    assert.notEqual(secret.exitCode, 0);
  });

  await part("it is updated, and taken back", async () => {
    await tell(["update", "check"]);
    await tell(["update", "apply", "--yes"], UPDATE_TIMEOUT_MS);
    const updated = await waitForHealthy("after the update");
    assert.equal(updated.image.version, "1.1");
    assert.equal(updated.name, "edge-02", "its configuration came along");
    await tell(["rollback", "--yes"], UPDATE_TIMEOUT_MS);
    const back = await waitForHealthy("after the rollback");
    assert.equal(back.image.version, "1.0");
    assert.equal(back.name, "edge-02");
  });

  await part("it is reset, and waits for its first configuration again, as another machine", async () => {
    const waiting = waitForFingerprint(); // of lines that are still to come
    await tell(["reset", "--yes"]);
    const other = await waiting;
    assert.notEqual(other, fingerprint);
    const known = await run(["status", "edge"]);
    assert.equal(known.exitCode, 4, `a machine with another fingerprint is not talked to\n${known.stderr}`);
    await tell(["config", "apply", "machine.yaml", "--insecure", ...at, "--fingerprint", other]);
    await tell([
      "context",
      "add",
      "edge",
      ...at,
      "--access",
      "boss.access.json",
      "--fingerprint",
      other,
      "--replace",
    ]);
    assert.equal((await waitForHealthy("after the reset")).name, "edge-02");
    assert.equal((await ask<{ generations: unknown[] }>(["config", "history"])).generations.length, 1);
  });
  assert.deepEqual(failed, []);
});
