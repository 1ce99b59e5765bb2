import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, parseAllDocuments } from "yaml";

import {
  createRecordedMachine,
  startObservedAgent,
  toEntry,
  type ObservedAgent,
} from "#agent/observe/observedAgent.fixture.ts";

import { AUTHORITY, REVOCATIONS } from "#config/certificates.fixture.ts";
import { EventSchema } from "#protocol/gen/socle/v1/events_pb.ts";
import { createCertificateAuthority } from "#trust/certificates.ts";

import type { OutputFormat } from "../commandContext.ts";
import { MachineRefusal } from "../callMachine.ts";
import { EXIT_CODE } from "../exitCode.ts";
import { EVENT_KINDS, parseEventKinds } from "./eventKinds.ts";
import { savePackets, saveSupportBundle } from "./savePackets.ts";
import { showEvents } from "./showEvents.ts";
import { showFile, showFileList } from "./showFiles.ts";
import { PlayedMachine } from "../update/playedMachine.fixture.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { showLinesOf } from "./showLinesOf.ts";
import { showKernelLog, showLogs } from "./showLogs.ts";
import { showNamedView } from "./showNamedView.ts";
import { servicesView, socketsView } from "./runningViews.ts";
import { showView } from "../view/showView.ts";

function createContext(output: OutputFormat, signal = new AbortController().signal) {
  const written: string[] = [];
  const told: string[] = [];
  return {
    output,
    signal,
    isQuiet: false,
    report: () => {},
    stdout: (text: string) => void written.push(text),
    stderr: (text: string) => void told.push(text),
    told: () => told.join(""),
    text: () => written.join(""),
  };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !isSo(); tries++) await sleep(10);
  assert.ok(isSo());
}

async function show(agent: ObservedAgent, name: Parameters<typeof showNamedView>[0], output: OutputFormat) {
  const context = createContext(output);
  assert.equal(await showNamedView(name, { machine: agent.access }, {}, context), EXIT_CODE.ok);
  return context.text();
}

test("each view is a table for people, and a document with numbers and times for programs", async () => {
  await using agent = await startObservedAgent();
  assert.match(
    await show(agent, "boots", "table"),
    /^BOOT {2}VERSION {2}HEALTH {2}FROM[^]*\n {3}0 {2}1\.0\.0 {4}. pass/,
  );
  const boots = parse(await show(agent, "boots", "yaml")) as { kind: string; boots: unknown[] };
  assert.equal(boots.kind, "Boots");
  assert.deepEqual(boots.boots[0], {
    bootId: "0c9a4d3e-7f1b-4a52-9d38-5e6f7a8b9c0d",
    offset: 0,
    first: "2026-01-21T12:53:20.000Z",
    last: "2026-01-21T13:53:20.000Z",
    version: "1.0.0",
    verdict: "pass",
  });
  const processes = JSON.parse(await show(agent, "processes", "json")) as { processes: unknown[] };
  assert.deepEqual(processes.processes[0], {
    pid: 1,
    parentPid: 0,
    name: "systemd",
    program: "",
    state: "S",
    uid: 0,
    unit: "init.scope",
    memoryBytes: 8_388_608,
    cpuUs: 1_500_000,
    threads: 1,
    startedUs: 0,
  });
  assert.match(await show(agent, "disks", "table"), /vda {7}2\.1 GB[^]*MOUNTED ON[^]*\/var/);
  assert.match(
    await show(agent, "network", "table"),
    /192\.0\.2\.10\/24[^]*default {2}192\.0\.2\.1[^]*192\.0\.2\.53/,
  );
  assert.match(
    await show(agent, "time", "table"),
    /^TIME +STATE +SERVER +OFF BY +ZONE\n2026-01-21T13:53:20\.000Z {2}not synchronized {2}– +– {2}UTC\n$/,
  );
});

test("certificates say what they are for, where they are from and when they end", async () => {
  const source = "kept" as const;
  const { cert } = await createCertificateAuthority("fleet", { now: new Date(), days: 12 });
  await using agent = await startObservedAgent(createRecordedMachine(), {
    certificates: {
      own: { certificate: cert, source: "credential" },
      readAccess: () => ({ clientAuthorities: [cert, AUTHORITY], revocations: REVOCATIONS }),
      readAuthoritySources: () => new Map([[cert, source]]),
      findDocument: () => Promise.resolve(undefined),
    },
  });
  const lines = (await show(agent, "certificates", "table")).split("\n");
  assert.match(lines[0] ?? "", /^FOR +SUBJECT +FROM +ENDS +STATE +REVOKED +FINGERPRINT$/);
  assert.match(
    lines[1] ?? "",
    /^machine +CN=fleet +credential +\d{4}-\d\d-\d\d +! ends in 1[12] days +– +sha256:[0-9a-f]{64}$/,
  );
  assert.match(lines[2] ?? "", /^callers +CN=fleet +kept .* ends in 1[12] days +– +sha256:/);
  assert.match(
    lines[3] ?? "",
    /^callers +CN=Example authority .* good +\d+ \(list \d+ of 2026-\d\d-\d\d\) +sha256:/,
  );
  const document = JSON.parse(await show(agent, "certificates", "json")) as Record<string, unknown>;
  assert.deepEqual([document["kind"], document["machine"]], ["Certificates", "edge-01"]);
  assert.deepEqual(Object.keys(document["own"] as object), [
    "subject",
    "fingerprint",
    "notBefore",
    "notAfter",
    "source",
  ]);
});

test("events are a line each, of all kinds or of those that were asked for; that some are missing is always told", async () => {
  await using agent = await startObservedAgent();
  const watch = async (output: OutputFormat, options: Parameters<typeof showEvents>[1]) => {
    const interrupt = new AbortController();
    const context = createContext(output, interrupt.signal);
    const watching = showEvents(agent.access, options, context);
    await until(() => agent.events.watchers === 1);
    agent.events.publish({
      case: "unit",
      value: { name: "web\u001b[2J", state: "failed", result: "signal" },
    });
    const step = { case: "step", value: { kind: "write-slot", says: "writes slot B" } } as const;
    agent.events.publish({ case: "update", value: { sequence: 7n, operationId: "x", event: step } });
    agent.events.publish({ case: "missed", value: { count: 3 } });
    await until(() => context.text().includes("missed"));
    interrupt.abort();
    assert.equal(await watching, EXIT_CODE.interrupted);
    await until(() => agent.events.watchers === 0);
    return context.text();
  };
  assert.equal(
    await watch("table", {}),
    [
      "13:53:20  unit           name=web\\u{1b}[2J  state=failed  result=signal",
      "13:53:20  update         step  kind=write-slot  says=writes slot B",
      "13:53:20  missed         count=3",
      "",
    ].join("\n"),
  );
  const lines = (await watch("json", { only: ["update"] })).trim().split("\n");
  const records = lines.map((line) => JSON.parse(line) as Record<string, { step?: unknown }>);
  assert.equal(records.length, 2);
  assert.deepEqual(records[0]?.["update"]?.step, { kind: "write-slot", says: "writes slot B" });
  assert.deepEqual([records[0]?.["unit"], records[0]?.["at"]], [null, "2026-01-21T13:53:20.000Z"]);
});

test("a machine from before there were other events tells of its updates", async () => {
  await using machine = await PlayedMachine.start({});
  const step = { case: "step", value: { kind: "write-slot", says: "writes slot B" } } as const;
  machine.watched = async function* () {
    yield { sequence: 1n, event: step };
  };
  const context = createContext("table");
  assert.equal(await showEvents(machine.access, {}, context), EXIT_CODE.ok);
  assert.match(context.text(), /^--:--:-- {2}update {9}step {2}kind=write-slot {2}says=writes slot B\n$/);
});

test("kinds of events are those of the contract", () => {
  const { oneof } = EventSchema.field.missed;
  assert.deepEqual(
    oneof?.fields.map(({ localName }) => localName),
    ["missed", ...EVENT_KINDS],
  );
  assert.deepEqual(parseEventKinds("unit, control"), ["unit", "control"]);
  assert.throws(() => parseEventKinds("unit,"), /write some of update,configuration,/);
});

test("services say what failed and why, sockets who holds them", async () => {
  await using agent = await startObservedAgent();
  const context = createContext("table");
  await showView({ machine: agent.access }, servicesView([]), {}, context);
  assert.match(
    context.text(),
    /backup\.service {2}. failed \(exit-code\)[^]*ssh\.service {5}. running.* restart$/m,
  );
  const sockets = createContext("table");
  await showView({ machine: agent.access }, socketsView(true), {}, sockets);
  assert.match(sockets.text(), /tcp {7}established {2}127\.0\.0\.1:41668 +127\.0\.0\.1:7339/);
});

test("the journal is one line a line, or one document of JSON or YAML", async () => {
  await using agent = await startObservedAgent();
  const table = createContext("table");
  await showLogs(agent.access, {}, table);
  assert.equal(
    table.text().split("\n")[0],
    "2026-01-21 12:53:20 sshd  info  Server listening on 0.0.0.0 port 22.",
  );
  const json = createContext("json");
  await showLogs(agent.access, {}, json);
  const lines = json.text().trim().split("\n");
  assert.equal(lines.length, 3);
  assert.equal((JSON.parse(lines[1] ?? "") as { priority: number }).priority, 5);
  const yaml = createContext("yaml");
  await showKernelLog(agent.access, {}, yaml);
  assert.equal(parseAllDocuments(yaml.text()).length, 3);
});

test("a line of the journal cannot draw on the terminal, nor pretend to be another line", async () => {
  const printed = { journalctl: [toEntry("one\u001b[2J\n12:00:00 sshd  info  forged")] };
  await using agent = await startObservedAgent(createRecordedMachine({ printed }));
  const context = createContext("table");
  await showLogs(agent.access, {}, context);
  assert.match(context.text(), /one\\u\{1b\}\[2J\n {4}12:00:00 sshd/);
});

test("the bad boot is the newest that was not healthy, and journalctl is asked for it by its id", async () => {
  let asked: readonly string[] = [];
  const recorded = createRecordedMachine();
  const machine: typeof recorded = {
    ...recorded,
    runLines: (program, args, signal) => {
      asked = args;
      return recorded.runLines(program, args, signal);
    },
  };
  await using agent = await startObservedAgent(machine);
  await showLogs(
    agent.access,
    { boot: "bad", unit: ["a.service", "b*"], priority: 3 },
    createContext("json"),
  );
  for (const word of [
    "--boot=11111111222233334444555555555555",
    "--unit=a.service",
    "--unit=b*",
    "--priority=3",
    "--lines=100",
  ])
    assert.ok(asked.includes(word), word);
});

test("following ends with Ctrl-C, and what came was shown", async () => {
  const follow = async function* () {
    yield toEntry("first");
    await sleep(60_000, undefined, { ref: false });
  };
  await using agent = await startObservedAgent(createRecordedMachine({ printed: { journalctl: follow() } }));
  const interrupt = new AbortController();
  const context = createContext("json", interrupt.signal);
  const following = showLogs(agent.access, { follow: true }, context);
  await until(() => context.text() !== "");
  interrupt.abort();
  assert.equal(await following, EXIT_CODE.interrupted);
  assert.match(context.text(), /"message":"first"/);
});

test("a view that is watched comes again, one document a line", async () => {
  await using agent = await startObservedAgent();
  const interrupt = new AbortController();
  const context = createContext("json", interrupt.signal);
  const watching = showNamedView("time", { machine: agent.access }, { watch: 20 }, context);
  await until(() => context.text().split("\n").length >= 3);
  interrupt.abort();
  assert.equal(await watching, EXIT_CODE.interrupted);
  for (const line of context.text().trim().split("\n"))
    assert.equal((JSON.parse(line) as { kind: string }).kind, "Time");
});

/** Two machines, of which the second does not answer. */
async function chooseTwo(agent: ObservedAgent) {
  const gone = await startObservedAgent();
  await gone[Symbol.asyncDispose]();
  const found = new Map([
    ["edge-01", { ...agent.access, name: "edge-01" }],
    ["gone", { ...gone.access, name: "gone" }],
  ]);
  const find = (name: string) => Promise.resolve(found.get(name) ?? assert.fail(name));
  return { names: ["edge-01", "gone"], find };
}

test("views of several machines are one table each, and the exit code is that of the worst", async () => {
  await using agent = await startObservedAgent();
  const chosen = await chooseTwo(agent);
  const table = createContext("table");
  assert.equal(await showNamedView("network", chosen, {}, table), EXIT_CODE.unreachable);
  assert.match(
    table.text(),
    /^MACHINE {2}INTERFACE[^]*\nedge-01 {2}enp1s0[^]*\n\nMACHINE {2}TO[^]*\n\nMACHINE {2}NAME SERVERS[^]*\nedge-01 {2}192\.0\.2\.53/,
  );
  assert.match(table.told(), /^. gone: Cannot reach /);
  const json = createContext("json");
  assert.equal(await showNamedView("time", chosen, {}, json), EXIT_CODE.unreachable);
  const { kind, machines } = JSON.parse(json.text()) as {
    kind: string;
    machines: { machine: string; result?: { kind: string }; problem?: { code: string } }[];
  };
  assert.equal(kind, "TimeList");
  assert.deepEqual(
    machines.map(({ machine, result, problem }) => [machine, result?.kind, problem?.code]),
    [
      ["edge-01", "Time", undefined],
      ["gone", undefined, "unreachable"],
    ],
  );
});

test("several machines are watched together, one document a line, in spite of one that is gone", async () => {
  await using agent = await startObservedAgent();
  const interrupt = new AbortController();
  const context = createContext("json", interrupt.signal);
  const watching = showNamedView("time", await chooseTwo(agent), { watch: 20 }, context);
  await until(() => context.text().split("\n").length >= 3);
  interrupt.abort();
  assert.equal(await watching, EXIT_CODE.interrupted);
  for (const line of context.text().trim().split("\n"))
    assert.equal((JSON.parse(line) as { machines: unknown[] }).machines.length, 2);
});

test("a machine that goes away while it is watched is waited for", async () => {
  const agent = await startObservedAgent();
  const interrupt = new AbortController();
  const context = createContext("table", interrupt.signal);
  const watching = showNamedView("time", { machine: agent.access }, { watch: 20 }, context);
  await until(() => context.text() !== "");
  await agent[Symbol.asyncDispose]();
  await until(() => context.told() !== "");
  interrupt.abort();
  assert.equal(await watching, EXIT_CODE.interrupted);
  assert.match(context.told(), /^. edge-01: Cannot reach /);
});

test("lines of several machines say whose they are, in every form", async () => {
  await using agent = await startObservedAgent();
  const chosen = await chooseTwo(agent);
  const show = async (output: OutputFormat) => {
    const context = createContext(output);
    const logs = (machine: NamedMachine, own: Parameters<typeof showLogs>[2]) => showLogs(machine, {}, own);
    assert.equal(await showLinesOf(chosen, logs, context), EXIT_CODE.unreachable);
    assert.match(context.told(), /^. gone: Cannot reach /);
    return context.text();
  };
  assert.match(await show("table"), /^edge-01 {2}2026-01-21 12:53:20 sshd {2}info[^]*\nedge-01 {2}/);
  for (const line of (await show("json")).trim().split("\n"))
    assert.equal((JSON.parse(line) as { machine: string }).machine, "edge-01");
  for (const document of parseAllDocuments(await show("yaml")))
    assert.equal((document.toJS() as { machine: string }).machine, "edge-01");
});

test("files are listed and read; a secret is not", async () => {
  await using agent = await startObservedAgent(
    createRecordedMachine({
      entries: {
        "/etc": { type: "directory", mode: 0o755, uid: 0, gid: 0, sizeBytes: 0, target: "" },
        "/etc/motd": { type: "file", mode: 0o4755, uid: 0, gid: 0, sizeBytes: 6, target: "" },
      },
    }),
  );
  const context = createContext("table");
  await showFileList(agent.access, "/etc", {}, context);
  assert.match(context.text(), /^-rwsr-xr-x {6}0 {8}6 B {2}.* \/etc\/motd\n$/);
  const got: Uint8Array[] = [];
  const write = (bytes: Uint8Array) => Promise.resolve(void got.push(bytes));
  await showFile(agent.access, "/etc/motd", { signal: context.signal, write });
  assert.equal(Buffer.concat(got).toString(), "hello\n");
  await assert.rejects(
    showFile(agent.access, "/etc/shadow", { signal: context.signal, write }),
    /Cannot read "\/etc\/shadow".*secrets of the machine, which nobody gets/,
  );
});

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "socle-observe-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

test("a bundle is saved for its owner alone, and no file is written over", async (t) => {
  const file = join(await makeFolder(t), "support.tar");
  await using agent = await startObservedAgent();
  const context = createContext("json");
  assert.equal(await saveSupportBundle(agent.access, file, context), EXIT_CODE.ok);
  assert.match(execFileSync("tar", ["-tf", file]).toString(), /^support\/os-release$/m);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const { sizeBytes } = JSON.parse(context.text()) as { sizeBytes: number };
  assert.equal(sizeBytes, (await stat(file)).size);
  await assert.rejects(saveSupportBundle(agent.access, file, context), { code: "EEXIST" });
});

test("a capture that cannot be leaves no file", async (t) => {
  const out = join(await makeFolder(t), "x.pcap");
  await using agent = await startObservedAgent();
  const options = { interface: "enp1s0", out, for: 1000 };
  await assert.rejects(
    savePackets(agent.access, options, createContext("table")),
    (error) => error instanceof MachineRefusal && error.code === "capture-not-available",
  );
  await writeFile(out, "free again", { flag: "wx" });
});
