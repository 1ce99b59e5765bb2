import assert from "node:assert/strict";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import type { OutputFormat } from "../commandContext.ts";
import { EXIT_CODE } from "../exitCode.ts";
import { inTurn } from "../inTurn.ts";
import { createMemoryContext } from "../update/playedMachine.fixture.ts";
import { showView } from "../view/showView.ts";
import { applyConfiguration, rollBackConfiguration, type ApplyContext } from "./applyConfiguration.ts";
import { askInTime, type TimelyAnswer } from "./askInTime.ts";
import { checkConfiguration } from "./checkConfiguration.ts";
import { compareGenerations } from "./compareGenerations.ts";
import { readConfigurationFile } from "./configurationFile.ts";
import { historyView } from "./configurationHistory.ts";
import { createPlanView } from "./configurationPlan.ts";
import { confirmConfiguration } from "./confirmConfiguration.ts";
import { PlayedConfiguration } from "./playedConfiguration.fixture.ts";
import { createConfigurationView } from "./showConfiguration.ts";

const AIM = { document: '{"apiVersion":"socle/v1","kind":"MachineConfiguration","hostname":"new"}' };
const PATIENCE = { intervalMs: 10, standstillMs: 5_000 };

function createSurroundings(output: OutputFormat = "table", answer?: TimelyAnswer) {
  const memory = createMemoryContext({ output });
  const asked: number[] = [];
  const context: ApplyContext = {
    ...memory.context,
    patience: PATIENCE,
    isTerminal: answer !== undefined,
    ask: (_question, until) => {
      asked.push(until.getTime() - Date.now());
      return Promise.resolve(answer ?? assert.fail("nobody is to be asked"));
    },
  };
  return { ...memory, context, asked };
}

test("a configuration is put in force, step by step, and the result says its number", async () => {
  await using machine = await PlayedConfiguration.start();
  const { context, said, lines } = createSurroundings();
  const options = { reason: "new name" };
  assert.equal(await applyConfiguration(machine.access, AIM, options, context), EXIT_CODE.ok);
  assert.deepEqual(lines(), [
    "validate: 1 key and 1 file change",
    "store: it is generation 1",
    "apply: the machine follows it",
    "health: the machine is healthy with it",
  ]);
  assert.equal(said.stdout, "✓ edge-01 follows generation 1\n");
  const [{ document, reason, trialSeconds } = assert.fail()] = machine.requests;
  assert.deepEqual({ document, reason, trialSeconds }, { ...AIM, ...options, trialSeconds: 0 });
});

test("a document that the machine refuses is told with every problem, and is a failure", async () => {
  await using machine = await PlayedConfiguration.start();
  machine.problems = [
    { path: "hostname", found: 'hostname is "a_b"', wanted: "a host name", hint: 'use "-"' },
    { path: "time.zone", found: 'time.zone is "Mars"', wanted: "an IANA name" },
  ];
  const { context, said, lines } = createSurroundings();
  assert.equal(await applyConfiguration(machine.access, AIM, {}, context), EXIT_CODE.failed);
  assert.equal(
    said.stdout,
    `✗ edge-01 refuses the document: nothing was changed
  hostname is "a_b"
    wanted  a host name
    hint    use "-"
  time.zone is "Mars"
    wanted  an IANA name
`,
  );
  assert.deepEqual(lines(), ["validate FAILED: it is not right"]);
  const json = createSurroundings("json");
  await applyConfiguration(machine.access, AIM, {}, json.context);
  const { outcome, generation, problems } = JSON.parse(json.said.stdout) as Record<string, unknown>;
  assert.deepEqual({ outcome, generation }, { outcome: "refused", generation: null });
  assert.equal((problems as unknown[]).length, 2);
});

test("what makes the machine unhealthy goes back, with why, and has an exit code of its own", async () => {
  await using machine = await PlayedConfiguration.start();
  machine.fault = "unit nginx.service: it failed";
  const { context, said } = createSurroundings();
  assert.equal(await applyConfiguration(machine.access, AIM, {}, context), EXIT_CODE.rolledBack);
  assert.match(
    said.stdout,
    /^✗ edge-01 went back by itself: generation 1 .*\n {2}Why {3}unit nginx\.service: it failed\n$/,
  );
});

test("a trial without a terminal says how to keep it, and is kept with that", async () => {
  await using machine = await PlayedConfiguration.start();
  const { context, said } = createSurroundings();
  assert.equal(await applyConfiguration(machine.access, AIM, { try: 60_000 }, context), EXIT_CODE.ok);
  assert.equal(machine.requests[0]?.trialSeconds, 60);
  assert.match(
    said.stdout,
    /on trial: it goes back by itself in 1 min\n {2}Keep it +socle config confirm 1 --context edge-01\n {2}Take back/,
  );
  said.stdout = "";
  assert.equal(await confirmConfiguration(machine.access, undefined, context), EXIT_CODE.ok);
  assert.equal(machine.generations[0]?.state, "current");
  assert.equal(said.stdout, "✓ edge-01 follows generation 1\n");
  await assert.rejects(confirmConfiguration(machine.access, undefined, context), { code: "trial-unknown" });
  await assert.rejects(confirmConfiguration(machine.access, 1, context), { code: "trial-unknown" });
});

test("on a terminal a trial is kept with a yes and ended with a no", async () => {
  for (const [answer, state, exitCode] of [
    ["yes", "current", EXIT_CODE.ok],
    ["no", "reverted", EXIT_CODE.ok],
  ] as const) {
    await using machine = await PlayedConfiguration.start();
    const { context, asked } = createSurroundings("table", answer);
    assert.equal(await applyConfiguration(machine.access, AIM, { try: 60_000 }, context), exitCode);
    assert.equal(machine.generations[0]?.state, state);
    assert.ok(asked.length === 1 && asked[0]! > 55_000 && asked[0]! <= 60_000, String(asked));
  }
});

test("a trial that nobody answers for is followed until the machine has gone back", async () => {
  await using machine = await PlayedConfiguration.start();
  const { context, said } = createSurroundings("table", "too-late");
  const applying = applyConfiguration(machine.access, AIM, { try: 60_000 }, context);
  while (machine.generations[0]?.until === undefined) await sleep(5);
  Object.assign(machine.generations[0], { state: "reverted", because: "it was not confirmed in time" });
  assert.equal(await applying, EXIT_CODE.rolledBack);
  assert.match(said.stdout, /went back by itself[^]*Why {3}it was not confirmed in time/);
});

test("a change that cuts the network is waited for, and that the machine went back by itself is said", async () => {
  await using machine = await PlayedConfiguration.start();
  machine.onWritten = async (generation) => {
    await machine.goAway();
    setTimeout(() => {
      Object.assign(generation, { state: "reverted", because: "it was not confirmed in time" });
      void machine.comeBack();
    }, 50);
  };
  const { context, said, lines } = createSurroundings();
  assert.equal(await applyConfiguration(machine.access, AIM, { try: 60_000 }, context), EXIT_CODE.rolledBack);
  assert.match(said.stdout, /went back by itself: generation 1 .*\n {2}Why {3}it was not confirmed in time/);
  assert.deepEqual(lines().slice(-2), [
    "validate FAILED: the connection broke",
    "reconnect: the machine answers",
  ]);
});

test("a change that cuts the network for a moment is asked about when the machine is there again", async () => {
  await using machine = await PlayedConfiguration.start();
  machine.onWritten = async () => {
    await machine.goAway();
    setTimeout(() => void machine.comeBack(), 50);
  };
  const { context, asked } = createSurroundings("table", "yes");
  assert.equal(await applyConfiguration(machine.access, AIM, { try: 60_000 }, context), EXIT_CODE.ok);
  assert.equal(machine.generations[0]?.state, "current");
  assert.ok(asked[0]! <= 60_000);
});

test("a machine that never comes back is given up, with what to look at", async () => {
  await using machine = await PlayedConfiguration.start();
  machine.onWritten = () => machine.goAway();
  const { context } = createSurroundings();
  const impatient = { ...context, patience: { intervalMs: 10, standstillMs: 100 } };
  await assert.rejects(applyConfiguration(machine.access, AIM, {}, impatient), {
    code: "timeout",
    hint: /console/,
  });
});

test("a machine that was never reached is no change, and no waiting", async () => {
  const machine = await PlayedConfiguration.start();
  await machine[Symbol.asyncDispose]();
  const { context } = createSurroundings();
  await assert.rejects(applyConfiguration(machine.access, AIM, {}, context), { code: "unreachable" });
});

test("rolling back takes the generation before; during a trial, what is current; else what the machine starts with", async () => {
  await using machine = await PlayedConfiguration.start();
  const { context } = createSurroundings();
  await rollBackConfiguration(machine.access, undefined, {}, context);
  machine.add({ hostname: "b" });
  await rollBackConfiguration(machine.access, undefined, {}, context);
  await rollBackConfiguration(machine.access, 1, {}, context);
  machine.add({ hostname: "c" }, "trial");
  assert.equal(await rollBackConfiguration(machine.access, undefined, {}, context), EXIT_CODE.ok);
  assert.deepEqual(
    machine.requests.map(({ generation, document }) => [generation, document]),
    [
      [0, ""],
      [1, ""],
      [1, ""],
      [4, ""],
    ],
  );
});

test("the history has who, when, why and what became of it, the newest first", async () => {
  await using machine = await PlayedConfiguration.start();
  machine.add({ hostname: "a" }, "current", { reason: "first" });
  machine.add({ hostname: "b" });
  machine.add({ hostname: "c" }, "reverted", { reason: "bold", because: "no network" });
  const { context, said } = createSurroundings();
  assert.equal(await showView({ machine: machine.access }, historyView, {}, context), EXIT_CODE.ok);
  assert.equal(
    said.stdout,
    `GENERATION  STATE       APPLIED  BY     HEALTHY ON  WHY
         3  ✗ reverted  1 h ago  alice  –           bold; went back: no network
         2  ✓ current   1 h ago  alice  1.0         –
         1  · previous  1 h ago  alice  1.0         first
`,
  );
});

test("several machines have one history, with a column that says whose row it is", async () => {
  await using a = await PlayedConfiguration.start("a");
  await using b = await PlayedConfiguration.start("b");
  a.add({});
  b.add({});
  await b.goAway();
  const found = new Map([a.access, b.access].map((access) => [access.name, access]));
  const find = (name: string) => Promise.resolve(found.get(name) ?? assert.fail());
  const { context, said } = createSurroundings();
  const exitCode = await showView({ names: ["a", "b"], find }, historyView, {}, context);
  assert.equal(exitCode, EXIT_CODE.unreachable);
  assert.match(said.stdout, /^MACHINE {2}GENERATION {2}STATE[^]*\na {17}1 {2}✓ current[^\n]*\n$/);
  assert.match(said.stderr, /✗ b: Cannot reach/);
});

test("what is shown of a configuration has no secret, also of a machine that sends one", async () => {
  await using machine = await PlayedConfiguration.start();
  const proxy = (password: string) => ({ network: { proxy: { http: `http://me:${password}@proxy:3128` } } });
  machine.add(proxy("sesame"));
  machine.add(proxy("other"));
  for (const output of ["table", "json", "yaml"] as const) {
    const { context, said } = createSurroundings(output);
    await showView({ machine: machine.access }, createConfigurationView(undefined), {}, context);
    await showView({ machine: machine.access }, createConfigurationView(1), {}, context);
    await compareGenerations(machine.access, 1, 2, context);
    assert.match(said.stdout, /http:\/\/me:…@proxy/);
    assert.doesNotMatch(said.stdout, /sesame|other/);
  }
});

test("a configuration is shown as a file for apply would be, with where it comes from as a comment", async () => {
  await using machine = await PlayedConfiguration.start();
  const { context, said } = createSurroundings();
  const view = createConfigurationView(undefined);
  await showView({ machine: machine.access }, view, {}, context);
  machine.add({ apiVersion: "socle/v1", kind: "MachineConfiguration", hostname: "a" });
  await showView({ machine: machine.access }, view, {}, context);
  await showView({ machine: machine.access }, view, {}, { ...context, isQuiet: true });
  assert.equal(
    said.stdout,
    `# edge-01: no configuration, in force
# no document: the machine is as its image says
# edge-01: generation 1, in force
apiVersion: socle/v1
kind: MachineConfiguration
hostname: a
apiVersion: socle/v1
kind: MachineConfiguration
hostname: a
`,
  );
});

test("two generations are compared key by key, and the exit code says whether they differ", async () => {
  await using machine = await PlayedConfiguration.start();
  machine.add({ hostname: "a", time: { zone: "UTC" } });
  machine.add({ hostname: "b", logs: { forward: { url: "https://logs" } } });
  const { context, said } = createSurroundings();
  assert.equal(await compareGenerations(machine.access, 1, undefined, context), EXIT_CODE.differs);
  assert.equal(
    said.stdout,
    '~ hostname  "a" → "b"\n+ logs  {"forward":{"url":"https://logs"}}\n- time  {"zone":"UTC"}\n',
  );
  assert.equal(await compareGenerations(machine.access, 2, 2, context), EXIT_CODE.ok);
  await assert.rejects(compareGenerations(machine.access, 9, undefined, context), {
    code: "generation-unknown",
  });
});

test("a plan lists keys, files, units and whether a restart is needed; one that is refused is a failure", async () => {
  await using machine = await PlayedConfiguration.start();
  machine.plan = {
    keys: [{ path: "hostname", from: '"a"', to: '"b"' }],
    files: [{ path: "/etc/hostname", change: "changed" }],
    units: ["systemd-networkd.service"],
    needsReboot: true,
    goneAfterReboot: true,
  };
  const { context, said } = createSurroundings();
  const plan = () => showView({ machine: machine.access }, createPlanView(AIM), {}, context);
  assert.equal(await plan(), EXIT_CODE.ok);
  assert.equal(
    said.stdout,
    `Plan for edge-01
  reboot   needed before all of it is in force
  lasts    until the next restart: this machine keeps nothing

Keys   1 changed
  ~ hostname  "a" → "b"

Files   1 changed
  ~ /etc/hostname

Units   restarted, reloaded or started
  systemd-networkd.service
`,
  );
  machine.problems = [{ path: "hostname", found: "hostname is 1", wanted: "a host name" }];
  assert.equal(await plan(), EXIT_CODE.failed);
  machine.problems = [];
  machine.plan = {};
  said.stdout = "";
  await plan();
  assert.equal(said.stdout, "edge-01 has this configuration already: nothing to do\n");
});

test("machines are changed one after the other; a failure ends it, unless it is to keep going", async () => {
  for (const [keepGoing, states] of [
    [false, ["applied", "reverted", "skipped"]],
    [true, ["applied", "reverted", "applied"]],
  ] as const) {
    await using a = await PlayedConfiguration.start("a");
    await using b = await PlayedConfiguration.start("b");
    await using c = await PlayedConfiguration.start("c");
    b.fault = "too bold";
    const found = new Map([a, b, c].map(({ access }) => [access.name, access]));
    const find = (name: string) => Promise.resolve(found.get(name) ?? assert.fail());
    const { context, said } = createSurroundings("json");
    const apply = (machine: (typeof a)["access"], own: ApplyContext) =>
      applyConfiguration(machine, AIM, {}, own);
    const exitCode = await inTurn(
      "ConfigurationResult",
      { names: ["a", "b", "c"], find },
      apply,
      { keepGoing },
      context,
    );
    assert.equal(exitCode, EXIT_CODE.rolledBack);
    const { kind, machines } = JSON.parse(said.stdout) as {
      kind: string;
      machines: { machine: string; result?: { outcome: string }; skipped?: boolean }[];
    };
    assert.equal(kind, "ConfigurationResultList");
    assert.deepEqual(
      machines.map(({ result, skipped }) => (skipped === true ? "skipped" : result?.outcome)),
      states,
    );
  }
});

test("a file is checked without a machine: every problem with its line, JSON and YAML alike", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-config-"));
  const file = join(folder.path, "edge.yaml");
  const check = async (text: string) => {
    await writeFile(file, text);
    const { context, said } = createSurroundings("json");
    const exitCode = await checkConfiguration(file, context);
    const { problems } = JSON.parse(said.stdout) as {
      problems: { path: string; line: number; found: string }[];
    };
    return { exitCode, problems: problems.map(({ path, line }) => [path, line]) };
  };
  const head = "apiVersion: socle/v1\nkind: MachineConfiguration\n";
  assert.deepEqual(await check(`${head}hostname: edge-01\n`), { exitCode: EXIT_CODE.ok, problems: [] });
  assert.deepEqual(await check(`${head}hostname: edge_01\ntime:\n  zone: Mars\n`), {
    exitCode: EXIT_CODE.failed,
    problems: [
      ["hostname", 3],
      ["time.zone", 5],
    ],
  });
  assert.deepEqual((await check('{\n  "hostname": 3\n}')).problems, [
    ["apiVersion", null],
    ["kind", null],
    ["hostname", 2],
  ]);
  await assert.rejects(check("a: [\n"), { code: "configuration-not-readable", message: /line \d/ });
  await assert.rejects(readConfigurationFile(join(folder.path, "none")), {
    code: "configuration-not-readable",
  });
});

test("YAML is sent as JSON, and JSON as it was written", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-config-"));
  const read = async (name: string, text: string) => {
    await writeFile(join(folder.path, name), text);
    return (await readConfigurationFile(join(folder.path, name))).document;
  };
  assert.deepEqual(JSON.parse(await read("a.yaml", "hostname: a # mine\n")), { hostname: "a" });
  assert.equal(await read("a.json", '{ "hostname":"a" }'), '{ "hostname":"a" }');
});

test("a question with an end shows the time left, takes a yes, and is over when the time is", async () => {
  const ask = (typed: string | undefined, leftMs: number) => {
    const streams = { input: new PassThrough(), output: new PassThrough() };
    if (typed !== undefined) streams.input.write(typed);
    const until = new Date(Date.now() + leftMs);
    const asking = askInTime("Keep it?", until, new AbortController().signal, streams);
    return { asking, shown: () => String(streams.output.read()) };
  };
  const yes = ask("y\n", 60_000);
  assert.equal(await yes.asking, "yes");
  assert.match(yes.shown(), /Keep it\? 60 s left \[y\/N\]/);
  assert.equal(await ask("\n", 60_000).asking, "no");
  assert.equal(await ask(undefined, 10).asking, "too-late");
  const interrupt = new AbortController();
  const streams = { input: new PassThrough(), output: new PassThrough() };
  const asking = askInTime("Keep it?", new Date(Date.now() + 60_000), interrupt.signal, streams);
  interrupt.abort();
  await assert.rejects(asking, { name: "AbortError" });
});
