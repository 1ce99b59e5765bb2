import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startDebuggedAgent } from "#agent/debug/debuggedAgent.fixture.ts";

import { MachineRefusal } from "../callMachine.ts";
import type { OutputFormat } from "../commandContext.ts";
import { UsageError } from "../usageError.ts";
import { debugMachine } from "./debugMachine.ts";
import { InputQueue } from "./inputQueue.ts";
import { listDebugSessions } from "./listDebugSessions.ts";
import type { SessionTerminal } from "./sessionTerminal.ts";
import { splitWords } from "./splitWords.ts";

const folder = await mkdtemp(join(tmpdir(), "socle-debug-cli-"));
after(() => rm(folder, { recursive: true }));

const startAgent = async (longestSeconds: number | undefined = 3600) =>
  startDebuggedAgent(await mkdtemp(join(folder, "root-")), { longestSeconds });

const OPTIONS = { for: 60_000, reason: "why?" };

/** What a person sees, and the context of the command. */
function createScreen() {
  let shown = "";
  let notes = "";
  return {
    shown: () => shown,
    notes: () => notes,
    write: (bytes: Uint8Array) => {
      shown += Buffer.from(bytes).toString();
      return Promise.resolve();
    },
    context: {
      stderr: (text: string) => void (notes += text),
      stdout: (text: string) => void (shown += text),
      signal: new AbortController().signal,
      isQuiet: false,
      output: "table" as OutputFormat,
    },
    async waitFor(wanted: string) {
      for (let tries = 0; !shown.includes(wanted); tries++) {
        if (tries > 500) throw new Error(`"${wanted}" was not shown in: ${shown}`);
        await sleep(10);
      }
    },
  };
}

/** Somebody who types, at a terminal that is changed in size once. */
function createTypist(screen: ReturnType<typeof createScreen>) {
  const calls: string[] = [];
  const terminal: SessionTerminal = {
    size: () => ({ columns: 90, rows: 30 }),
    open({ onTyped, onResize }) {
      calls.push("raw");
      void (async () => {
        onTyped(Buffer.from("stty size\r"));
        await screen.waitFor("30 90");
        onResize({ columns: 91, rows: 31 });
        // A size comes beside what is typed.
        onTyped(Buffer.from("until stty size | grep -qx '31 91'; do sleep 0.02; done; echo re''sized\r"));
        await screen.waitFor("resized");
        onTyped(Buffer.from("exit 9\r"));
      })();
      return () => void calls.push("as it was");
    },
  };
  return { terminal, calls };
}

test("what is typed goes there, what is shown comes here, and the terminal is as it was", async () => {
  await using agent = await startAgent();
  const screen = createScreen();
  const { terminal, calls } = createTypist(screen);
  const surroundings = { terminal, write: screen.write };
  assert.equal(await debugMachine(agent.access, [], OPTIONS, screen.context, surroundings), 9);
  assert.deepEqual(calls, ["raw", "as it was"]);
  assert.match(
    screen.notes(),
    /^Debug session \S+ on edge-01, until \S+ at the latest\. It is recorded; .*not pristine/,
  );
});

test("without a terminal a program runs, its output comes as it is, and its exit code is ours", async () => {
  await using agent = await startAgent();
  const screen = createScreen();
  const words = ["sh", "-c", "echo one; echo two >&2; exit 4"];
  const surroundings = { terminal: undefined, write: screen.write };
  assert.equal(await debugMachine(agent.access, words, OPTIONS, screen.context, surroundings), 4);
  assert.equal(screen.shown(), "one\ntwo\n");
});

test("a session whose time is up says so, with an exit code of its own, and gives the terminal back", async () => {
  await using agent = await startAgent();
  const screen = createScreen();
  const calls: string[] = [];
  const terminal: SessionTerminal = {
    size: () => ({ columns: 90, rows: 30 }),
    open: () => (calls.push("raw"), () => void calls.push("as it was")),
  };
  const surroundings = { terminal, write: screen.write };
  const code = await debugMachine(agent.access, [], { ...OPTIONS, for: 300 }, screen.context, surroundings);
  assert.equal(code, 6);
  assert.match(screen.notes(), /its time is up/);
  assert.deepEqual(calls, ["raw", "as it was"]);
});

test("what the machine refuses is said before the terminal is touched", async () => {
  await using agent = await startAgent(120);
  const screen = createScreen();
  const terminal: SessionTerminal = {
    size: () => ({ columns: 90, rows: 30 }),
    open: () => assert.fail("the terminal was touched"),
  };
  await assert.rejects(
    debugMachine(agent.access, [], { ...OPTIONS, for: 600_000 }, screen.context, {
      terminal,
      write: screen.write,
    }),
    (error) => error instanceof MachineRefusal && error.code === "debug-refused",
  );
});

test("nothing is asked of the machine without a reason, or without a program where there is no terminal", async () => {
  const nowhere = { name: "edge-01", host: "127.0.0.1", port: 1, caPem: "", certPem: "", keyPem: "" };
  const screen = createScreen();
  const surroundings = { terminal: undefined, write: screen.write };
  const attempts = [
    [{ for: 60_000 }, ["ps"], "needs-reason"],
    [OPTIONS, [], "needs-terminal"],
  ] as const;
  for (const [options, words, code] of attempts)
    await assert.rejects(
      debugMachine(nowhere, words, options, screen.context, surroundings),
      (error) => error instanceof UsageError && error.code === code,
    );
});

test("sessions are listed with where they are recorded", async () => {
  await using agent = await startAgent();
  const none = createScreen();
  await listDebugSessions(agent.access, none.context);
  assert.equal(none.shown(), "No debug session is recorded on this machine.\n");
  const ran = createScreen();
  await debugMachine(agent.access, ["true"], OPTIONS, ran.context, { terminal: undefined, write: ran.write });
  const table = createScreen();
  await listDebugSessions(agent.access, table.context);
  assert.match(
    table.shown(),
    /^BEGAN .*\nnow +developer +ended +\d+ B +\/var\/log\/socle\/debug\/\S+\.typescript +why\?\n$/,
  );
  const json = createScreen();
  await listDebugSessions(agent.access, { ...json.context, output: "json" });
  const { kind, sessions } = JSON.parse(json.shown()) as {
    kind: string;
    sessions: { who: string; ended: string }[];
  };
  assert.equal(kind, "DebugSessionList");
  assert.deepEqual(
    sessions.map(({ who, ended }) => [who, typeof ended]),
    [["developer", "string"]],
  );
});

test("what follows -- is the command, whatever it looks like, and what is before it the machine", () => {
  const table = [
    [[], "debug --reason x", undefined, []],
    [["edge-01"], "debug edge-01 --reason x", "edge-01", []],
    [["ls", "/"], "debug --reason x -- ls /", undefined, ["ls", "/"]],
    [["edge-01", "ls", "-l"], "debug edge-01 --reason x -- ls -l", "edge-01", ["ls", "-l"]],
    [["sh", "--", "x"], "debug -- sh -- x", undefined, ["sh", "--", "x"]],
  ] as const;
  for (const [operands, line, machine, command] of table)
    assert.deepEqual(splitWords(operands, ["node", "main.ts", ...line.split(" ")]), { machine, command });
  assert.throws(() => splitWords(["edge-01", "ls"], ["debug", "edge-01", "ls"]), UsageError);
});

test("a queue gives what was put in, in order, also what comes while somebody waits, and then ends", async () => {
  const queue = new InputQueue<number>();
  queue.push(1);
  setTimeout(() => {
    queue.push(2);
    queue.push(3);
    queue.end();
    queue.push(4);
  }, 5);
  const taken: number[] = [];
  for await (const input of queue) taken.push(input);
  assert.deepEqual(taken, [1, 2, 3]);
});
