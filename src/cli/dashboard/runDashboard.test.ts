import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createRecordedMachine, startObservedAgent, toEntry } from "#agent/observe/observedAgent.fixture.ts";

import { EXIT_CODE } from "../exitCode.ts";
import { runDashboard, type DashboardTerminal } from "./runDashboard.ts";

function createTerminal() {
  const written: string[] = [];
  const keys = new Set<(key: string) => void>();
  const terminal: DashboardTerminal = {
    size: () => ({ columns: 80, rows: 24 }),
    write: (text) => void written.push(text),
    onKey(listener) {
      keys.add(listener);
      return () => void keys.delete(listener);
    },
    onResize: () => () => {},
  };
  const press = (key: string) => {
    for (const listener of keys) listener(key);
  };
  return { terminal, written, keys, press };
}

const machine = createRecordedMachine();
/** Its journal goes on, as one that is followed does. */
const lively: typeof machine = {
  ...machine,
  async *runLines(_program, _args, signal) {
    yield toEntry("Server listening");
    await sleep(60_000, undefined, { signal });
  },
};

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !isSo(); tries++) await sleep(10);
  assert.ok(isSo());
}

test("it shows the machine, says when it is lost, and leaves the terminal as it was", async () => {
  const { terminal, written, keys, press } = createTerminal();
  const agent = await startObservedAgent(lively);
  const shown = runDashboard(agent.access, terminal, new AbortController().signal);
  await until(() => /healthy/.test(written.at(-1) ?? ""));
  await until(() => /Server listening/.test(written.at(-1) ?? ""));
  press("4");
  await until(() => /\[4 disks\]/.test(written.at(-1) ?? ""));
  await agent[Symbol.asyncDispose]();
  await until(() => /reconnecting/.test(written.at(-1) ?? ""));
  press("q");
  assert.equal(await shown, EXIT_CODE.ok);
  assert.match(written[0] ?? "", /\[\?1049h/);
  assert.match(written.at(-1) ?? "", /\[\?25h.*\[\?1049l$/);
  assert.equal(keys.size, 0);
});

test("a signal ends it as cleanly", async () => {
  const { terminal, written, keys } = createTerminal();
  await using agent = await startObservedAgent(lively);
  const controller = new AbortController();
  const shown = runDashboard(agent.access, terminal, controller.signal);
  await until(() => /healthy/.test(written.at(-1) ?? ""));
  controller.abort();
  assert.equal(await shown, EXIT_CODE.interrupted);
  assert.match(written.at(-1) ?? "", /\[\?1049l$/);
  assert.equal(keys.size, 0);
});
