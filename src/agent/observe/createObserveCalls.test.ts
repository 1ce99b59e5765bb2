import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:http2";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Code, ConnectError } from "@connectrpc/connect";

import { callMachine, MachineCallError, MachineRefusal } from "#cli/callMachine.ts";
import { createObservedMachine } from "#system/observedMachine.ts";

import {
  createRecordedMachine,
  startObservedAgent,
  toEntry,
  type ObservedAgent,
} from "./observedAgent.fixture.ts";

type Call<T> = Parameters<typeof callMachine<T>>[2];

function ask<T>(agent: ObservedAgent, call: Call<T>, signal?: AbortSignal): Promise<T> {
  return callMachine(agent.access, { purpose: "test", timeoutMs: 20_000, ...(signal && { signal }) }, call);
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (isSo()) return;
    await sleep(10);
  }
  assert.fail(`never: ${what}`);
}

test("every view is answered over mutual TLS", async () => {
  await using agent = await startObservedAgent();
  await ask(agent, async ({ observe }) => {
    const { boots } = await observe.listBoots({});
    assert.deepEqual(
      boots.map(({ offset, verdict }) => [offset, verdict]),
      [
        [0, "pass"],
        [-1, "fail"],
      ],
    );
    const { units } = await observe.listUnits({});
    assert.deepEqual(
      units.map(({ name, active, mayRestart }) => [name, active, mayRestart]),
      [
        ["backup.service", "failed", false],
        ["ssh.service", "active", true],
      ],
    );
    assert.deepEqual(
      (await observe.listProcesses({})).processes.map(({ pid, unit }) => [pid, unit]),
      [
        [1, "init.scope"],
        [310, "systemd-resolved.service"],
      ],
    );
    const { disks, fileSystems } = await observe.listDisks({});
    assert.deepEqual(
      disks.map(({ name, sizeBytes, partitions }) => [name, sizeBytes, partitions.length]),
      [["vda", 2_147_483_648n, 1]],
    );
    assert.deepEqual(
      fileSystems.map(({ target }) => target),
      ["/", "/boot", "/tmp", "/var"],
    );
    const { sockets } = await observe.listSockets({ connections: true });
    assert.deepEqual(
      sockets.map(({ protocol, state, localPort, unit }) => [protocol, state, localPort, unit]),
      [
        ["tcp", "listen", 22, "init.scope"],
        ["tcp", "established", 41_668, ""],
        ["tcp", "listen", 53, "systemd-resolved.service"],
        ["udp", "unconnected", 68, ""],
      ],
    );
    assert.deepEqual((await observe.getNetwork({})).interfaces[0]?.addresses, ["192.0.2.10/24"]);
    assert.equal((await observe.getTime({})).timeZone, "UTC");
    assert.equal((await observe.getLoad({})).processors, 2);
  });
});

test("a reader that does not read stops the program, and fills no memory", async () => {
  let printed = 0;
  const endless = async function* () {
    for (;;) {
      printed += 1;
      yield toEntry("x".repeat(1000));
    }
  };
  await using agent = await startObservedAgent(createRecordedMachine({ printed: { journalctl: endless() } }));
  // Below the client of Connect, which takes what comes.
  const { host, port, caPem, certPem, keyPem } = agent.access;
  const session = connect(`https://${host}:${port}`, { ca: caPem, cert: certPem, key: keyPem });
  const call = session.request({
    ":method": "POST",
    ":path": "/socle.v1.ObserveService/ReadJournal",
    "content-type": "application/connect+json",
  });
  const request = Buffer.from('{"follow":true}');
  call.end(Buffer.concat([Uint8Array.of(0, 0, 0, 0, request.length), request]));
  const [headers] = (await once(call, "response")) as [{ ":status": number }];
  assert.equal(headers[":status"], 200);
  let [seen, still] = [-1, 0];
  await until("the program stands still", () => {
    still = printed === seen ? still + 1 : 0;
    seen = printed;
    return still === 30;
  });
  assert.ok(printed < 3000, `${printed} lines of a kilobyte are held for a reader that reads none`);
  const closed = once(session, "close");
  session.destroy();
  await closed;
});

test("a caller that goes away ends the program", async () => {
  const real = createObservedMachine();
  const script = `echo '${toEntry("OWN")}' | sed "s/OWN/$$/"; exec sleep 600`;
  const machine = {
    ...createRecordedMachine(),
    runLines: (_program: string, _args: readonly string[], signal: AbortSignal) =>
      real.runLines("sh", ["-c", script], signal),
  };
  await using agent = await startObservedAgent(machine);
  let pid = 0;
  await ask(agent, async ({ observe }) => {
    for await (const { lines } of observe.readJournal({ follow: true })) {
      pid = Number(lines[0]?.message);
      break;
    }
  });
  assert.ok(pid > 1);
  await until("the program has ended", () => !isRunning(pid));
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("one caller may follow 16 things, and one that ends makes room", async () => {
  const silent = async function* (signal: AbortSignal) {
    yield toEntry("first");
    await sleep(60_000, undefined, { signal });
  };
  const machine = {
    ...createRecordedMachine(),
    runLines: (_program: string, _args: readonly string[], signal: AbortSignal) => silent(signal),
  };
  await using agent = await startObservedAgent(machine);
  await ask(agent, async ({ observe }) => {
    const open = async () => {
      const controller = new AbortController();
      const stream = observe.readJournal({ follow: true }, { signal: controller.signal });
      const parts = stream[Symbol.asyncIterator]();
      await parts.next();
      return { controller, parts };
    };
    const opened = await Promise.all(Array.from({ length: 16 }, open));
    await assert.rejects(open(), (error) => {
      assert.equal(ConnectError.from(error).code, Code.ResourceExhausted);
      return true;
    });
    // What is answered at once is answered still.
    assert.equal((await observe.getLoad({})).processors, 2);
    for (const { controller, parts } of opened) {
      controller.abort();
      await parts.next().catch(() => {});
    }
    await sleep(50);
    (await open()).controller.abort();
  });
});

test("packets cannot be captured where the image has no tcpdump, and the answer says what to do", async () => {
  await using agent = await startObservedAgent();
  const capture = ask(agent, async ({ observe }, options) => {
    for await (const part of observe.capturePackets({ interface: "enp1s0", seconds: 1 }, options)) void part;
  });
  await assert.rejects(capture, (error) => {
    assert.ok(error instanceof MachineRefusal);
    assert.equal(error.code, "capture-not-available");
    assert.match(error.hint ?? "", /Add tcpdump to the packages/);
    return true;
  });
});

test("an interface that is none, and a second capture, are refused; the first goes on", async () => {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const tcpdump = async function* () {
    yield "first";
    await over;
    yield "last";
  };
  await using agent = await startObservedAgent(createRecordedMachine({ printed: { tcpdump: tcpdump() } }));
  await ask(agent, async ({ observe }, options) => {
    const capture = async (name: string) => {
      const got: string[] = [];
      for await (const { content } of observe.capturePackets({ interface: name, seconds: 5 }, options)) {
        got.push(Buffer.from(content).toString());
        if (got.length === 1) {
          await assert.rejects(capture("enp1s0"), /captures packets on this machine already/);
          end();
        }
      }
      return got;
    };
    await assert.rejects(capture("--help"), /"--help" is none of enp1s0, any/);
    assert.deepEqual(await capture("enp1s0"), ["first", "last"]);
  });
});

test("a support bundle is a tar file with everything in it, without secrets, and says what it lacks", async () => {
  const moreSupport = [
    { path: "status.json", read: () => Promise.resolve('{"token":"sesame"}') },
    { path: "update-state.json", read: () => Promise.reject(new Error("no updater")) },
  ];
  await using agent = await startObservedAgent(createRecordedMachine(), { moreSupport });
  const parts: Uint8Array[] = [];
  await ask(agent, async ({ observe }, options) => {
    for await (const { content } of observe.getSupportBundle({}, options)) parts.push(content);
  });
  const archive = Buffer.concat(parts);
  const names = execFileSync("tar", ["-tf", "-"], { input: archive }).toString().trim().split("\n");
  for (const name of [
    "status.json",
    "os-release",
    "image.json",
    "boots.json",
    "units.json",
    "processes.json",
    "disks.json",
    "sockets.json",
    "network.json",
    "time.json",
    "load.json",
    "kernel.log",
    "errors.txt",
    "journal-this-boot.log",
    "journal-previous-boot.log",
  ])
    assert.ok(names.includes(`support/${name}`), name);
  assert.doesNotMatch(archive.toString(), /sesame/);
  const show = (name: string) =>
    execFileSync("tar", ["-xOf", "-", `support/${name}`], { input: archive }).toString();
  assert.equal(show("status.json"), '{"token":"[redacted]"}');
  assert.match(show("errors.txt"), /update-state\.json: no updater/);
  assert.match(show("journal-this-boot.log"), /ssh\.service sshd\[42\]: Server listening/);
});

test("a text that no line has is an empty answer, a boot that is not there an error that says so", async () => {
  // Both as journalctl of systemd 257 does it.
  const fail = (complaint: string) =>
    Object.assign(new Error(`journalctl ended with 1: ${complaint}`), { exitStatus: 1, complaint });
  const machine = {
    ...createRecordedMachine(),
    // eslint-disable-next-line require-yield -- it ends before its first line
    async *runLines(_program: string, args: readonly string[]): AsyncGenerator<string> {
      await sleep(1);
      throw fail(
        args.includes("--boot=-1") ? "No journal boot entry found for the specified boot (-1)." : "",
      );
    },
  };
  await using agent = await startObservedAgent(machine);
  const read = (request: { contains?: string; boot?: number; lines?: number }) =>
    ask(agent, async ({ observe }) => {
      let lines = 0;
      for await (const part of observe.readJournal(request)) lines += part.lines.length;
      return lines;
    });
  assert.equal(await read({ contains: "x" }), 0);
  assert.equal(await read({ contains: "x", lines: 5 }), 0);
  await assert.rejects(read({ boot: -1 }), /The journal knows no boot -1/);
  await assert.rejects(read({}), /the agent could not answer/);
});

test("a secret is refused with the right code", async () => {
  await using agent = await startObservedAgent();
  const reading = ask(agent, async ({ observe }, options) => {
    for await (const part of observe.readFile({ path: "/etc/shadow" }, options)) void part;
  });
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof MachineCallError);
    assert.equal(ConnectError.from(error.cause).code, Code.PermissionDenied);
    return true;
  });
});
