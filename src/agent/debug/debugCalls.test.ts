import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import { callMachine, MachineRefusal, type MachineClients } from "#cli/callMachine.ts";
import type { OpenDebugSessionRequestSchema } from "#protocol/gen/socle/v1/debug_pb.ts";

import { NOT_PRISTINE_PATH } from "../facts/notPristine.ts";
import { startDebuggedAgent, type DebuggedAgent, type DebuggedOptions } from "./debuggedAgent.fixture.ts";

const folder = await mkdtemp(join(tmpdir(), "socle-debug-"));
after(() => rm(folder, { recursive: true }));

const start = async (options: DebuggedOptions) =>
  startDebuggedAgent(await mkdtemp(join(folder, "root-")), options);

/** Over a connection of its own. */
const callAgent = <T>({ access }: DebuggedAgent, work: (clients: MachineClients) => Promise<T>) =>
  callMachine(access, { purpose: "debug" }, work);

type Input = MessageInitShape<typeof OpenDebugSessionRequestSchema>["input"];
interface Shown {
  readonly text: string;
  readonly id: string;
  readonly end: { readonly reason: string; readonly code: number } | undefined;
}

const START = { reason: "why is it slow?", seconds: 60 };
const SIZE = { columns: 100, rows: 40 };
const type = (text: string): Input => ({ case: "data", value: Buffer.from(text) });

/** Says what is to be sent, a piece at a time; waits in between for what must be shown. */
type Script = (screen: { waitFor: (text: string) => Promise<void> }) => AsyncGenerator<Input>;

async function openSession(
  { debug }: MachineClients,
  script: Script,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Shown> {
  let text = "";
  let id = "";
  let end: Shown["end"];
  const screen = {
    async waitFor(wanted: string) {
      for (let tries = 0; !text.includes(wanted); tries++) {
        if (tries > 500) throw new Error(`"${wanted}" was not shown in: ${text}`);
        await sleep(10);
      }
    },
  };
  const requests = async function* () {
    for await (const input of script(screen)) if (input !== undefined) yield { input };
  };
  const take: Record<string, (value: never) => void> = {
    started: (value: { id: string }) => void (id = value.id),
    data: (value: Uint8Array) => void (text += Buffer.from(value).toString()),
    ended: (value: NonNullable<Shown["end"]>) => void (end = { reason: value.reason, code: value.code }),
  };
  for await (const { output } of debug.openDebugSession(requests(), options))
    take[output.case ?? ""]?.(output.value as never);
  return { text, id, end };
}

const isRefusal = (code: string) => (error: unknown) =>
  error instanceof MachineRefusal && error.code === code;

async function waitUntil(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isTrue()); tries++) {
    if (tries > 500) throw new Error(`in five seconds: ${what}`);
    await sleep(10);
  }
}

const recordOf = async (agent: DebuggedAgent, id: string) =>
  JSON.parse((await agent.readText(`/var/log/socle/debug/${id}.json`)) ?? "{}") as Record<string, unknown>;

test("a terminal is a real one: it has a size that changes, and Ctrl-C interrupts", async () => {
  await using agent = await start({ longestSeconds: 3600 });
  const { text, end } = await callAgent(agent, (clients) =>
    openSession(clients, async function* (screen) {
      yield { case: "start", value: { ...START, size: SIZE } };
      yield type("stty size\n");
      await screen.waitFor("40 100");
      yield { case: "size", value: { columns: 120, rows: 50 } };
      // A size comes beside what is typed.
      yield type("until stty size | grep -qx '50 120'; do sleep 0.02; done\n");
      yield type("echo re''sized; sleep 50; echo interrupted=$?\n");
      await screen.waitFor("resized");
      yield type("\u0003");
      yield type("echo after; exit 7\n");
    }),
  );
  assert.match(text, /after/);
  assert.doesNotMatch(text, /interrupted=0/);
  assert.deepEqual(end, { reason: "exit", code: 7 });
});

test("a command without a terminal is run, and what it says comes as it is", async () => {
  await using agent = await start({ longestSeconds: 3600 });
  const { text, end } = await callAgent(agent, (clients) =>
    openSession(clients, async function* () {
      yield { case: "start", value: { ...START, command: ["sh", "-c", 'echo "it\'s $0"; exit 3', "here"] } };
    }),
  );
  assert.equal(text, "it's here\n");
  assert.deepEqual(end, { reason: "exit", code: 3 });
});

test("the machine says not pristine before the shell is given, and a later session does not change who was first", async () => {
  const seen: (string | undefined)[] = [];
  await using agent: DebuggedAgent = await start({
    longestSeconds: 3600,
    host: (real) => ({
      ...real,
      async openTerminal(request) {
        seen.push(Buffer.from((await real.readFile(NOT_PRISTINE_PATH)) ?? []).toString());
        return real.openTerminal(request);
      },
    }),
  });
  const run = (reason: string) =>
    callAgent(agent, (clients) =>
      openSession(clients, async function* () {
        yield { case: "start", value: { ...START, reason, command: ["true"] } };
      }),
    );
  const before = await callAgent(agent, ({ machine }) => machine.getStatus({}));
  assert.equal(before.notPristine, undefined);
  await run("first");
  await run("second");
  assert.deepEqual(
    seen.map((text) => (JSON.parse(text ?? "{}") as { reason: string }).reason),
    ["first", "first"],
  );
  const { notPristine, problems } = await callAgent(agent, ({ machine }) => machine.getStatus({}));
  assert.equal(notPristine?.who, "developer");
  assert.equal(notPristine.reason, "first");
  assert.ok(Math.abs(timestampDate(notPristine.since!).getTime() - Date.now()) < 60_000);
  assert.match(problems.join(), /^not pristine: "developer" had a debug session at .*: first$/);
});

test("no shell is given where the mark cannot be written", async () => {
  let terminals = 0;
  await using agent = await start({
    longestSeconds: 3600,
    host: (real) => ({
      ...real,
      writeDurably: () => Promise.reject(new Error("read-only file system")),
      openTerminal: (request) => ((terminals += 1), real.openTerminal(request)),
    }),
  });
  await assert.rejects(
    callAgent(agent, (clients) =>
      openSession(clients, async function* () {
        yield { case: "start", value: { ...START, command: ["true"] } };
      }),
    ),
    isRefusal("debug-unavailable"),
  );
  assert.equal(terminals, 0);
  assert.match(agent.sessionLog.join(), /read-only file system/);
});

test("it is recorded: what was shown, when, who, why and how it ended; and listed, the newest first", async () => {
  await using agent = await start({ longestSeconds: 3600 });
  const run = (command: string[]) =>
    callAgent(agent, (clients) =>
      openSession(clients, async function* () {
        yield { case: "start", value: { ...START, command } };
      }),
    );
  const first = await run(["echo", "seen"]);
  const second = await run(["false"]);
  assert.match((await agent.readText(`/var/log/socle/debug/${first.id}.typescript`)) ?? "", /^seen$/m);
  assert.match((await agent.readText(`/var/log/socle/debug/${first.id}.timing`)) ?? "", /^\d+\.\d+ \d+$/m);
  const { who, reason, end, code, command } = await recordOf(agent, second.id);
  assert.deepEqual(
    { who, reason, end, code, command },
    { who: "developer", reason: START.reason, end: "exit", code: 1, command: ["false"] },
  );
  const { sessions } = await callAgent(agent, ({ debug }) => debug.listDebugSessions({}));
  assert.deepEqual(
    sessions.map(({ id }) => id),
    [second.id, first.id],
  );
  assert.ok(sessions.every(({ ended, recordingBytes }) => ended !== undefined && recordingBytes > 0n));
  const words = ({ value }: (typeof agent.events)[number]) => {
    const { id, state, who: whose, reason: why } = value as Record<string, string>;
    return [id, state, whose, why];
  };
  assert.deepEqual(agent.events.slice(0, 2).map(words), [
    [first.id, "begun", "developer", START.reason],
    [first.id, "ended", "developer", "exit"],
  ]);
  assert.equal(agent.events.length, 4);
  assert.equal(sessions[1]?.recording, `/var/log/socle/debug/${first.id}.typescript`);
});

test("the audit has who, why and how long; what was typed and shown is in neither log", async () => {
  await using agent = await start({ longestSeconds: 3600 });
  await callAgent(agent, (clients) =>
    openSession(clients, async function* (screen) {
      yield { case: "start", value: { ...START, size: SIZE } };
      yield type("echo ses''ame\n");
      await screen.waitFor("sesame");
      yield type("exit\n");
    }),
  );
  const asked = agent.log.find((line) => line.includes('"asked for"')) ?? "";
  const { caller, request } = JSON.parse(asked) as {
    caller: { name: string };
    request: { start: { reason: string; seconds: number } };
  };
  assert.deepEqual(
    [caller.name, request.start.reason, request.start.seconds],
    ["developer", START.reason, START.seconds],
  );
  for (const secret of ["sesame", Buffer.from("sesame").toString("base64").slice(0, 7), "ses''ame"])
    assert.doesNotMatch([...agent.log, ...agent.sessionLog].join("\n"), new RegExp(secret));
  const messages = agent.sessionLog.map((line) => (JSON.parse(line) as { message: string }).message);
  assert.deepEqual(messages, ["debug session", "debug session ended"]);
});

test("when the time is up it ends, whatever runs", async () => {
  await using agent = await start({ longestSeconds: 3600 });
  const { end, id } = await callAgent(agent, (clients) =>
    openSession(clients, async function* () {
      yield {
        case: "start",
        value: { ...START, seconds: 1, command: ["sh", "-c", "trap '' TERM; sleep 50"] },
      };
    }),
  );
  assert.equal(end?.reason, "time-is-up");
  assert.equal((await recordOf(agent, id))["end"], "time-is-up");
});

test("when the caller goes away it ends", async () => {
  await using agent = await start({ longestSeconds: 3600 });
  const gone = new AbortController();
  await assert.rejects(
    callAgent(agent, (clients) =>
      openSession(
        clients,
        async function* (screen) {
          yield { case: "start", value: { ...START, size: SIZE } };
          yield type("echo $$ is he''re; sleep 50\n");
          await screen.waitFor("is here");
          gone.abort();
          yield type("never");
        },
        { signal: gone.signal },
      ),
    ),
  );
  await waitUntil("the session has ended", () => agent.sessionLog.join().includes("debug session ended"));
  assert.match(agent.sessionLog.at(-1) ?? "", /"end":"caller-gone"/);
  await waitUntil("its connection is closed", () => agent.connections.size === 0);
});

test("a second session is refused while one is open, and let in after it", async () => {
  await using agent = await start({ longestSeconds: 3600 });
  const once = (clients: MachineClients) =>
    openSession(clients, async function* () {
      yield { case: "start", value: { ...START, command: ["true"] } };
    });
  await callAgent(agent, async (clients) => {
    await openSession(clients, async function* (screen) {
      yield { case: "start", value: { ...START, size: SIZE } };
      yield type("echo op''en\n");
      await screen.waitFor("open");
      await assert.rejects(callAgent(agent, once), isRefusal("debug-in-use"));
      yield type("exit\n");
    });
  });
  assert.equal((await callAgent(agent, once)).end?.reason, "exit");
});

test("an image that allows no sessions says so, and has none", async () => {
  await using agent = await start({});
  await assert.rejects(
    callAgent(agent, (clients) =>
      openSession(clients, async function* () {
        yield { case: "start", value: { ...START, size: SIZE } };
      }),
    ),
    isRefusal("debug-not-allowed"),
  );
  assert.deepEqual((await callAgent(agent, ({ debug }) => debug.listDebugSessions({}))).sessions, []);
  assert.equal(await agent.readText(NOT_PRISTINE_PATH), undefined);
  assert.deepEqual(agent.sessionLog, []);
});

test("what is asked for is judged before anything is marked or opened", async () => {
  await using agent = await start({ longestSeconds: 120 });
  const table: readonly (readonly [object, RegExp])[] = [
    [{ ...START, reason: " ", size: SIZE }, /reason: wanted one line/],
    [{ ...START, reason: "two\nlines", size: SIZE }, /reason: wanted one line/],
    [{ ...START, seconds: 121, size: SIZE }, /seconds: wanted 1 to 120/],
    [{ ...START, seconds: 0, size: SIZE }, /seconds: wanted 1 to 120/],
    [{ ...START, size: { columns: 0, rows: 40 } }, /size: wanted 1 to 1000/],
    [START, /command: without a terminal there must be one/],
    [{ ...START, command: ["a\0b"] }, /no word has a NUL/],
    [{ ...START, command: ["x".repeat(40_000)] }, /at most 32768 bytes/],
  ];
  for (const [value, message] of table)
    await assert.rejects(
      callAgent(agent, (clients) =>
        openSession(clients, async function* () {
          yield { case: "start", value };
        }),
      ),
      (error) => isRefusal("debug-refused")(error) && message.test((error as Error).message),
      JSON.stringify(value).slice(0, 200),
    );
  await assert.rejects(
    callAgent(agent, (clients) =>
      openSession(clients, async function* () {
        yield type("whoami\n");
      }),
    ),
    /the first one has start/,
  );
  assert.equal(await agent.readText(NOT_PRISTINE_PATH), undefined);
});
