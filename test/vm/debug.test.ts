/** Breaking the glass of a machine: what a session sees and cannot do, how it ends, and what the machine says from then on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { callMachine } from "#cli/callMachine.ts";
import { fetchStatus } from "#cli/commands/status.ts";
import { debugMachine } from "#cli/debug/debugMachine.ts";
import type { SessionTerminal } from "#cli/debug/sessionTerminal.ts";
import { EXIT_CODE } from "#cli/exitCode.ts";
import { toStatusDocument, type StatusDocument } from "#cli/statusDocument.ts";

import { buildTestSystem, createTestMachine, type TestMachine } from "./harness.ts";

const BOOT_TIMEOUT_MS = 300_000;
const CALL_TIMEOUT_MS = 60_000;
const PAUSE_MS = 4_000;
const REASON = "a test";
/** The lock of these tests has no more packages: the tools are those that the image has anyway. */
const ALLOWED = { allowed: true, longest: "10min", packages: [] } as const;
const MARK = "/boot/socle/not-pristine.json";
const FOLDER = "/var/log/socle/debug";

/** Runs what must not work, and says how it went; `ok` is bad. */
const ATTEMPTS = {
  "write /etc": "touch /etc/x",
  "write /var": "touch /var/x",
  "write the ESP": "touch /boot/x",
  "write /run": "touch /run/x",
  "take the mark away": `rm -f ${MARK}`,
  "touch the recording": `sh -c ': >> ${FOLDER}/x'`,
  "see the machine's key": "cat /var/lib/socle/agent/secret",
  "read the disk": "head -c1 /dev/vda",
  "write a variable of the firmware":
    "sh -c ': > /sys/firmware/efi/efivars/X-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f'",
  "look into PID 1": "sh -c 'head -c1 /proc/1/environ'",
  "signal PID 1": "sh -c 'kill -0 1'",
  "ask systemd": "systemctl is-system-running",
  "run a program of its own": "sh -c 'cp /usr/bin/true /tmp/x && /tmp/x'",
  mount: "mount -t tmpfs x /tmp",
  "become root": "setpriv --reuid=0 true",
};

/** What it is for. */
const LOOKS = {
  "a file of root's": `cat /etc/shadow ${FOLDER}/*.json`,
  "processes of others": "grep -x systemd /proc/1/comm",
  "the network": "grep -q :1D13 /proc/net/tcp /proc/net/tcp6", // the agent's port
};

const toScript = (lines: Readonly<Record<string, string>>) =>
  Object.entries(lines)
    .map(([name, line]) => `if ${line} > /dev/null 2>&1; then echo "ok ${name}"; else echo "no ${name}"; fi`)
    .join("\n");

interface Ran {
  readonly code: number;
  readonly shown: string;
  readonly notes: string;
}

/** `socle debug`, without a terminal where none is given. */
async function debug(
  vm: TestMachine,
  command: readonly string[],
  { seconds = 120, terminal }: { seconds?: number; terminal?: SessionTerminal } = {},
): Promise<Ran> {
  let shown = "";
  let notes = "";
  const context = {
    stderr: (text: string) => void (notes += text),
    signal: AbortSignal.timeout(BOOT_TIMEOUT_MS),
    isQuiet: false,
  };
  const write = (bytes: Uint8Array) => {
    shown += Buffer.from(bytes).toString();
    return Promise.resolve();
  };
  const machine = { ...vm.access, name: "debugged" };
  const options = { for: seconds * 1000, reason: REASON };
  const code = await debugMachine(machine, command, options, context, { terminal, write });
  return { code, shown, notes };
}

/** Not that it is healthy: after a session it says for ever that it is not. */
async function waitForStatus(vm: TestMachine): Promise<StatusDocument> {
  const poll = async () => {
    for (;;) {
      const status = await fetchStatus(vm.access, { timeoutMs: 15_000 }).catch(() => undefined);
      if (status !== undefined && status.machine?.systemState === "running") return toStatusDocument(status);
      await sleep(PAUSE_MS); // while it answers it does not start
    }
  };
  return vm.machine.during("the machine has started", BOOT_TIMEOUT_MS, poll());
}

/** Units of sessions that are there, without the socket. */
async function listUnits(vm: TestMachine): Promise<string> {
  return vm.tell("systemctl list-units --all --plain --no-legend 'socle-debug*.service' | cut -d' ' -f1");
}

async function waitForNoUnits(vm: TestMachine): Promise<void> {
  for (let tries = 0; (await listUnits(vm)) !== ""; tries++) {
    if (tries > 30) assert.fail(`these units do not end: ${await listUnits(vm)}`);
    await sleep(1000);
  }
}

test("a sealed machine whose definition allows it lets an admin look, changes nothing by it, and says so for good", async (t) => {
  const system = await buildTestSystem("sealed", { id: "test-debug", debug: ALLOWED });
  await using vm = await createTestMachine(t, system, { firmware: "uefi" });
  await vm.machine.start();
  assert.equal((await vm.waitUntilHealthy()).notPristine, null);
  assert.match(await vm.tell(`ls ${MARK} 2>&1 || echo absent`), /absent$/);

  await t.test("a session looks at everything but keys, and changes nothing", async () => {
    await vm.tell("install -m 600 /etc/hostname /var/lib/socle/agent/secret");
    const script = `id -u; grep CapEff /proc/self/status\n${toScript(LOOKS)}\n${toScript(ATTEMPTS)}\nexit 7`;
    const { code, shown, notes } = await debug(vm, ["sh", "-c", script]);
    assert.equal(code, 7, shown + notes);
    assert.match(shown, /^(?!0\n)\d+\nCapEff:\t0000000000000004\n/);
    const wanted = [
      ...Object.keys(LOOKS).map((name) => `ok ${name}`),
      ...Object.keys(ATTEMPTS).map((name) => `no ${name}`),
    ];
    assert.deepEqual(shown.trim().split("\n").slice(2), wanted);
    assert.match(notes, /not pristine from now on/);
    await waitForNoUnits(vm);
  });

  await t.test("a terminal has a size, and what is typed", async () => {
    const terminal: SessionTerminal = {
      size: () => ({ columns: 97, rows: 31 }),
      open({ onTyped }) {
        onTyped(Buffer.from("stty size; tty; exit 5\r"));
        return () => {};
      },
    };
    const { code, shown } = await debug(vm, [], { terminal });
    assert.equal(code, 5, shown);
    assert.match(shown, /^31 97\r$/m);
    assert.match(shown, /^\/dev\/pts\/\d+\r$/m);
  });

  await t.test("its time ends it, whatever runs and ignores that", async () => {
    const { code, notes } = await debug(vm, ["sh", "-c", "trap '' TERM HUP; sleep 600; sleep 600"], {
      seconds: 10,
    });
    assert.equal(code, EXIT_CODE.timedOut);
    assert.match(notes, /its time is up/);
    await waitForNoUnits(vm);
  });

  await t.test("with the agent goes the session, and with what serves it the shell", async () => {
    for (const unit of ["socle-agent.service", "'socle-debug@*.service'"]) {
      const session = debug(vm, ["sleep", "600"]).catch((error: unknown) => error);
      await vm.machine.during("the session runs", CALL_TIMEOUT_MS * 2, waitForShell(vm));
      await vm.tell(`systemctl kill --signal=KILL ${unit}`);
      assert.ok((await session) instanceof Error, "the caller is told");
      await waitForNoUnits(vm);
      await waitForStatus(vm); // of the agent that was started in its place
    }
  });

  await t.test("sessions are recorded, listed and in the journal", async () => {
    const call = { purpose: "list the debug sessions", timeoutMs: CALL_TIMEOUT_MS };
    const { sessions } = await callMachine(vm.access, call, (clients, options) =>
      clients.debug.listDebugSessions({}, options),
    );
    assert.equal(sessions.length, 5);
    for (const { reason, who } of sessions) assert.deepEqual([reason, who], [REASON, "developer"]);
    // The newest was killed before it had shown anything, with what records.
    for (const { id, recordingBytes } of sessions.slice(1)) assert.ok(recordingBytes > 0n, id);
    const first = sessions.at(-1)!;
    assert.match(await vm.tell(`cat ${first.recording}`), /ok processes of others/);
    assert.equal(await vm.tell(`stat -c '%a %U' ${FOLDER} ${first.recording}`), "700 root\n600 root");
    const journal = await vm.tell("journalctl --no-pager -o cat -u 'socle-debug@*.service'");
    assert.match(journal, /"message":"debug session","id":"[^"]+","who":"developer","reason":"a test"/);
    assert.match(journal, /"message":"debug session ended".*"end":"time-is-up"/);
    assert.match(
      await vm.tell("journalctl --no-pager -o cat -u socle-agent.service"),
      /OpenDebugSession.*"reason":"a test"/,
    );
  });

  await t.test("the machine says not pristine, also after a power cut", async () => {
    const before = await waitForStatus(vm);
    assert.equal(before.notPristine?.who, "developer");
    assert.equal(before.notPristine.reason, REASON);
    assert.match(
      before.problems.join("\n"),
      /^not pristine: "developer" had a debug session at .*: a test$/m,
    );
    await vm.machine.pullPlug();
    await vm.machine.start();
    const after = await waitForStatus(vm);
    assert.deepEqual(after.notPristine, before.notPristine);
    assert.equal(after.healthy, false);
  });
});

async function waitForShell(vm: TestMachine): Promise<void> {
  while (!(await listUnits(vm)).includes("socle-debug-shell-")) await sleep(1000);
}
