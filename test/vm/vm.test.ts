import assert from "node:assert/strict";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { MachineCallError } from "#cli/callMachine.ts";
import { fetchStatus } from "#cli/commands/status.ts";
import type { StatusDocument } from "#cli/statusDocument.ts";
import { findFreePort } from "#system/findFreePort.ts";
import { exists, remove } from "#system/files.ts";
import { openWorkspace, PROJECT_ROOT } from "#system/workspace.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";
import { findMachine } from "#vm/machineFolder.ts";

import { findLeftovers } from "../build/workspace.ts";
import { buildTestSystem, callShell } from "./harness.ts";
import { SHELL_PORT } from "./testSystem.ts";

const BOOT_TIMEOUT_MS = 480_000;
const EXIT_INTERRUPTED = 130;

test("socle vm stays up until Ctrl-C: it can be asked, by its own certificate only", async (t) => {
  const { folder, manifest } = await buildTestSystem("sealed");
  const shellPort = await findFreePort();
  const vm = startVm(t, "stays", folder, "--forward", `${shellPort}:${SHELL_PORT}`);
  await vm.says(/Stop it +Ctrl-C/);

  await t.test("socle status tells what runs", async () => {
    const { exitCode, stdout, stderr } = await socle("status", vm.name, "-o", "json");
    assert.equal(exitCode, 0, stderr);
    const status = JSON.parse(stdout) as StatusDocument;
    assert.equal(status.healthy, true);
    assert.equal(status.booted.rootHash, manifest.rootHash);
  });

  await t.test("a forwarded port leads to the machine", async () => {
    const { output } = await callShell(shellPort, "hostname");
    assert.equal(output.trim(), "test-sealed");
  });

  await t.test("a certificate of another authority is refused, by the machine and by us", async () => {
    const access = await findMachine(openWorkspace(), vm.name);
    const stranger = await createDevelopmentAccess({ name: "stranger", now: new Date(), days: 1 });
    const asStranger = { ...access, certPem: stranger.client.cert, keyPem: stranger.client.key };
    await assert.rejects(fetchStatus(asStranger, { timeoutMs: 15_000 }), isCallError("certificate-refused"));
    const trustingStranger = { ...access, caPem: stranger.ca };
    await assert.rejects(
      fetchStatus(trustingStranger, { timeoutMs: 15_000 }),
      isCallError("machine-not-trusted"),
    );
    await fetchStatus(access, { timeoutMs: 15_000 });
  });

  await t.test("Ctrl-C stops the machine and takes its folder away", async () => {
    vm.process.kill("SIGINT");
    await vm.exitCode;
    assert.deepEqual(await findQemu(vm.folder), []);
    assert.equal(await exists(vm.folder), false);
    const { exitCode, stderr } = await socle("status", vm.name);
    assert.notEqual(exitCode, 0);
    assert.match(stderr, new RegExp(`There is no machine "${vm.name}"`));
  });
});

test("Ctrl-C during the boot ends the machine at once", async (t) => {
  const { folder } = await buildTestSystem("sealed");
  const vm = startVm(t, "early", folder);
  await vm.boots();
  vm.process.kill("SIGINT");
  assert.equal(await vm.exitCode, EXIT_INTERRUPTED);
  assert.deepEqual(await findQemu(vm.folder), []);
  assert.equal(await exists(vm.folder), false);
});

test("a socle vm that is killed takes QEMU with it, and the next one of the name starts", async (t) => {
  const { folder } = await buildTestSystem("sealed");
  const killed = startVm(t, "killed", folder);
  await killed.boots();
  assert.equal((await findQemu(killed.folder)).length > 0, true);
  killed.process.kill("SIGKILL");
  await killed.exitCode;
  // The kernel ends the namespace of QEMU after its parent.
  for (let left = 50; left > 0 && (await findQemu(killed.folder)).length > 0; left -= 1) await sleep(100);
  assert.deepEqual(await findQemu(killed.folder), []);

  const next = startVm(t, "killed", folder);
  await next.boots();
  next.process.kill("SIGINT");
  assert.equal(await next.exitCode, EXIT_INTERRUPTED);
});

interface RunningVm {
  readonly process: ChildProcessWithoutNullStreams;
  readonly name: string;
  readonly folder: string;
  /** null where a signal ended it. */
  readonly exitCode: Promise<number | null>;
  /** Standard output and standard error until now. */
  output(): string;
  /** Waits for this on standard output or standard error. */
  says(pattern: RegExp): Promise<void>;
  /** Waits for the first line of the machine's kernel. */
  boots(): Promise<void>;
}

let started = 0;

/** `socle vm` as a process of its own, with a direct boot. */
function startVm(t: TestContext, label: string, target: string, ...options: string[]): RunningVm {
  const name = `test-${label}-${process.pid}`;
  const folder = join(openWorkspace().machines, name);
  started += 1;
  const serial = `${folder}-${started}.log`;
  const words = [
    "vm",
    target,
    "--firmware",
    "direct",
    "--cpus",
    "1",
    "--name",
    name,
    "--serial",
    serial,
    ...options,
  ];
  const child = spawn(join(PROJECT_ROOT, "bin/socle"), words, { env: ENVIRONMENT });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  t.after(async () => {
    child.kill("SIGKILL");
    if (!("passed" in t && t.passed === true)) t.diagnostic(`socle vm said:\n${text}`);
    await remove(serial);
    await remove(folder);
  });
  const exitCode = new Promise<number | null>((resolve) => child.once("close", resolve));
  const until = async (what: string, isSo: () => Promise<boolean> | boolean): Promise<void> => {
    for (let left = BOOT_TIMEOUT_MS / 100; !(await isSo()); left -= 1) {
      assert.ok(left > 0 && child.exitCode === null, `socle vm did not come to ${what}:\n${text}`);
      await sleep(100);
    }
  };
  return {
    process: child,
    name,
    folder,
    exitCode,
    output: () => text,
    says: (pattern) => until(`say ${String(pattern)}`, () => pattern.test(text)),
    boots: () =>
      until("boot a kernel", async () =>
        /Linux version/.test(await readFile(serial, "utf8").catch(() => "")),
      ),
  };
}

const ENVIRONMENT = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, CI: "1" };

async function socle(...words: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const child = spawn(join(PROJECT_ROOT, "bin/socle"), words, { env: ENVIRONMENT });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const [exitCode] = (await once(child, "close")) as [number];
  return { exitCode, stdout, stderr };
}

/** The processes with this machine's disk among their words. */
async function findQemu(folder: string): Promise<string[]> {
  return findLeftovers(join(folder, "disk.qcow2"));
}

function isCallError(code: MachineCallError["code"]): (error: unknown) => boolean {
  return (error) => error instanceof MachineCallError && error.code === code;
}
