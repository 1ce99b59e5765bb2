/** What a machine answers to the network and to its console: one port, for those with a certificate, and nothing else. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { test } from "node:test";

import { callMachine, MachineRefusal } from "#cli/callMachine.ts";
import { fetchStatus } from "#cli/commands/status.ts";
import { debugMachine } from "#cli/debug/debugMachine.ts";
import { toStatusDocument } from "#cli/statusDocument.ts";
import { callQmp } from "#system/qmp.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";

import { bootTestMachine, buildTestSystem, type TestMachine } from "./harness.ts";
import { SHELL_PORT } from "./testSystem.ts";

const BOOT_TIMEOUT_MS = 240_000;
const AGENT_PORT = 7443;
/** Whoever waits for a person says so within this time, emulated too. */
const ANSWER_MS = 2_000;

const toCredential = (name: string, content: string) =>
  `systemd.set_credential_binary=${name}:${Buffer.from(content).toString("base64")}`;

/** What whoever has the command line, or hands the machine credentials, would try. Each would leave a file in /run. */
const HOSTILE_ARGUMENTS = [
  "init=/bin/sh",
  "systemd.debug_shell=ttyS0",
  "systemd.run=/usr/bin/sync",
  "systemd.wants=evil.service",
  toCredential("systemd.extra-unit.evil.service", "[Service]\nExecStart=touch /run/evil-unit\n"),
  toCredential(
    "systemd.unit-dropin.systemd-logind.service",
    "[Service]\nExecStartPre=touch /run/evil-dropin\n",
  ),
  toCredential("tmpfiles.extra", "f /run/evil-tmpfiles\n"),
  toCredential("fstab.extra", "tmpfs /run/evil-fstab tmpfs defaults 0 0\n"),
  toCredential("sysctl.extra", "kernel.sysrq=1\n"),
  toCredential("passwd.plaintext-password.root", "open"),
  toCredential("getty.ttys.serial", "ttyS0\n"),
];

/** What waits for somebody's answer. */
const PROMPT = /(?:login|password|maintenance\)): *$|press enter|^(?:ba)?sh-[\d.]+[#$]|^[~/#$]* ?[#$] $/im;

test("a sealed machine answers on one port only, to certificates only, and its console takes nothing", async (t) => {
  const system = await buildTestSystem("sealed");
  await using vm = await bootTestMachine(t, system, { extraArguments: HOSTILE_ARGUMENTS });
  await vm.waitUntilHealthy();
  const { machine: booted } = await fetchStatus(vm.access, { timeoutMs: 60_000 });

  await t.test("one TCP port is open beyond loopback, beside the shell of these tests", async () => {
    // QEMU's user network forwards single ports, so that nobody outside can try all 65,535. The kernel's own tables of
    // waiting sockets, read by the agent, know more than a scan would: also what a packet filter would hide.
    const { sockets } = await callMachine(
      vm.access,
      { purpose: "list the sockets", timeoutMs: 60_000 },
      (clients, options) => clients.observe.listSockets({ connections: false }, options),
    );
    const beyond = sockets.filter(({ localAddress }) => !/^(?:127\.|::1$)/.test(localAddress));
    assert.deepEqual(
      beyond
        .flatMap(({ protocol, localPort, unit }) => (protocol === "tcp" ? [`${localPort} ${unit}`] : []))
        .sort(),
      [`${SHELL_PORT} init.scope`, `${AGENT_PORT} socle-agent.service`].sort(),
    );
    // The DHCP client waits for its server's answers, on one address of one interface.
    assert.deepEqual(
      beyond.filter(({ protocol, localPort }) => protocol === "udp" && localPort !== 68 && localPort !== 546),
      [],
    );
  });

  await t.test("without a certificate, with a stranger's and with TLS 1.2 nothing is answered", async () => {
    const { host, port, caPem = "", certPem, keyPem } = vm.access;
    const stranger = (await createDevelopmentAccess({ name: "stranger", now: new Date(), days: 1 })).client;
    for (const options of [{}, stranger, { cert: certPem, key: keyPem, maxVersion: "TLSv1.2" as const }]) {
      const socket = connectTls({ host, port, ca: caPem, ALPNProtocols: ["http/1.1"], ...options });
      let said = "";
      socket.on("error", () => {}).on("data", (bytes: Buffer) => (said += bytes.toString("latin1")));
      socket.write("GET / HTTP/1.1\r\nhost: machine\r\n\r\n");
      await vm.machine.during(
        "the connection to end",
        60_000,
        new Promise((resolve) => socket.once("close", resolve)),
      );
      assert.equal(said, "");
    }
  });

  await t.test(
    "nobody can log in: no account has a password, no getty and no debug shell is there",
    async () => {
      const shadow = await vm.tell("cut -d: -f1,2 /etc/shadow");
      for (const line of shadow.split("\n")) assert.match(line, /^[^:]+:(?:!\*?|\*)$/);
      const shells = await vm.tell("grep -vE '(nologin|/bin/sync|/bin/false)$' /etc/passwd | cut -d: -f1");
      assert.equal(shells, "root");
      const units = await vm.tell(
        "systemctl list-units --all --plain --no-legend '*getty*' '*shell*' 'rescue*' 'emergency*'",
      );
      assert.doesNotMatch(units.replaceAll(/^test-shell.*$/gm, ""), /\.service +loaded +active/);
      assert.equal(await vm.tell("cat /proc/sys/kernel/sysrq"), "0");
    },
  );

  await t.test("credentials and the command line start nothing, and mount nothing", async () => {
    assert.equal(await vm.tell("ls -d /run/evil* 2>/dev/null || true"), "");
    assert.doesNotMatch(await vm.tell("cat /proc/mounts"), /evil/);
  });

  await t.test("the agent is nobody, and may not do what only others need", async () => {
    const words = await vm.tell(
      `pid=$(systemctl show --property=MainPID --value socle-agent.service)
       ps() { grep -E "^($1):" /proc/$pid/status | tr -s '\\t ' ' '; }
       ps 'Uid|CapEff|CapBnd|NoNewPrivs|Seccomp'`,
    );
    assert.match(words, /^Uid: 471 471 471 471$/m);
    // CAP_DAC_READ_SEARCH is capability 2.
    assert.match(words, /^CapEff: 0000000000000004$/m);
    assert.match(words, /^CapBnd: 0000000000000004$/m);
    assert.match(words, /^NoNewPrivs: 1$/m);
    assert.match(words, /^Seccomp: 2$/m);
  });

  await t.test("no debug session is to be had, and nothing of one is in the image", async () => {
    const context = { stderr: () => {}, signal: AbortSignal.timeout(BOOT_TIMEOUT_MS), isQuiet: false };
    await assert.rejects(
      debugMachine({ ...vm.access, name: "exposed" }, ["true"], { for: 60_000, reason: "a test" }, context, {
        terminal: undefined,
        write: async () => {},
      }),
      (error) => error instanceof MachineRefusal && error.code === "debug-not-allowed",
    );
    assert.equal(await vm.tell("find /usr/lib /etc /run/socle -name '*debug*' -path '*socle*'"), "");
    assert.equal(toStatusDocument(await fetchStatus(vm.access, { timeoutMs: 60_000 })).notPristine, null);
  });

  await t.test("an agent that is killed comes back", async () => {
    await vm.tell("systemctl kill --signal=KILL socle-agent.service");
    await vm.waitUntilHealthy();
  });

  await t.test("keys at the console are not answered, and restart nothing", async () => {
    assert.deepEqual(
      vm.machine.console.lines.filter((line) => PROMPT.test(line)),
      [],
    );
    const console = await openConsole(vm);
    for (const keys of ["\r", "root\r", "\r", "id\r", "\u0003", "\u0004", "\r"]) await console.type(keys);
    assert.doesNotMatch(console.said(), PROMPT);
    assert.doesNotMatch(console.said(), /uid=|command not found/);
    // Ctrl-Alt-Delete, as often as makes systemd impatient; then SysRq b, by a break on the line.
    const control = join(vm.machine.folder, "qmp.sock");
    const keys = ["ctrl", "alt", "delete"].map((data) => ({ type: "qcode", data }));
    await callQmp(
      control,
      Array.from({ length: 10 }, () => ({ execute: "send-key", arguments: { keys, "hold-time": 20 } })),
    );
    await callQmp(control, [{ execute: "chardev-send-break", arguments: { id: "serial" } }]);
    await console.type("b");
    console.close();
    const { machine: still } = await fetchStatus(vm.access, { timeoutMs: 60_000 });
    assert.equal(still?.bootId, booted?.bootId, "it has restarted");
  });
});

test("the boot loader on the disk of a release has its editor off, and nothing that adds to the command line", async () => {
  const { context, folder, manifest } = await buildTestSystem("sealed");
  const disk = manifest.artifacts.find(({ kind }) => kind === "disk");
  assert.ok(disk);
  const image = `${join(folder, disk.name)}@@1M`; // the EFI system partition
  const read = async (argv: string[]) => (await context.tools.run(argv, { folders: [folder] })).stdout;
  assert.match(await read(["mtype", "-i", image, "::/loader/loader.conf"]), /^editor no$/m);
  assert.doesNotMatch(
    await read(["mdir", "-/", "-b", "-i", image, "::/"]),
    /\.addon\.efi|\.extra\.d|\.cred|entries\/./i,
  );
});

test("emergency mode offers no shell: it says so, and the machine restarts", async (t) => {
  const system = await buildTestSystem("sealed");
  await using vm = await bootTestMachine(t, system, { extraArguments: ["systemd.unit=emergency.target"] });
  await vm.machine.waitForLine(/Linux version/, BOOT_TIMEOUT_MS);
  await vm.machine.waitForLine(/offers no shell: it restarts in 60 seconds/, BOOT_TIMEOUT_MS);
  const console = await openConsole(vm);
  for (const keys of ["\r", "\r", "\u0004"]) await console.type(keys);
  assert.doesNotMatch(console.said(), /press enter|password|maintenance|[#$] $/i);
  await vm.machine.during("the restart", BOOT_TIMEOUT_MS, console.waitFor(/Linux version/));
  console.close();
});

/** Takes the serial line away from its log, to type at it. */
async function openConsole({ machine }: TestMachine) {
  const path = join(machine.folder, "serial.sock");
  const backend = {
    type: "socket",
    data: { addr: { type: "unix", data: { path } }, server: true, wait: false },
  };
  const control = join(machine.folder, "qmp.sock");
  await callQmp(control, [{ execute: "chardev-change", arguments: { id: "serial", backend } }]);
  const socket = createConnection(path).setEncoding("utf8");
  await once(socket, "connect");
  let text = "";
  socket.on("data", (part: string) => (text += part)).on("error", () => {}); // the machine goes first
  return {
    /** Types, and waits for an answer. */
    type: async (keys: string): Promise<void> => {
      socket.write(keys);
      await sleep(ANSWER_MS);
    },
    said: () => text,
    waitFor: async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(text)) await once(socket, "data");
    },
    close: () => socket.destroy(),
  };
}
