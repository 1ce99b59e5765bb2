import assert from "node:assert/strict";
import { test } from "node:test";

import { LOOKS } from "#system/privilegedLook.ts";

import type { Machine } from "./machineFacts.ts";
import { readListeners } from "./readListeners.ts";

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1D13 00000000:0000 0A 00000000:00000000 00:00000000 00000000   471        0 815 1
   1: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 816 1
   2: 00000000:0007 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 817 1
`;
const FILES: Readonly<Record<string, string>> = {
  "/proc/net/tcp": TCP,
  "/proc/1/comm": "systemd\n",
  "/proc/1/cgroup": "0::/init.scope\n",
  "/proc/42/comm": "node\n",
  "/proc/42/cgroup": "0::/system.slice/socle-agent.service\n",
};

/** It may look into no process itself, as the agent on a machine. */
const machine: Machine = {
  readFile: async (path) => (FILES[path] === undefined ? undefined : Buffer.from(FILES[path])),
  listFolder: async (path) => {
    if (path === "/proc") return ["1", "42", "net"];
    throw Object.assign(new Error("EACCES"), { code: "EACCES" });
  },
  readEntry: async () => undefined,
  run: async () => assert.fail("nothing is run"),
};

test("who holds a socket is told by the look, where the agent may not look itself; PID 1 comes last", async () => {
  const said =
    "/proc/1/fd/9 socket:[815]\n/proc/1/fd/10 socket:[816]\n/proc/42/fd/3 socket:[815]\n/proc/42/fd/4 pipe:[9]\n";
  const look = async (path: string) => (path === LOOKS.socketHolders ? said : undefined);
  const listeners = await readListeners({ ...machine, look }, new AbortController().signal);
  assert.deepEqual(
    listeners.map(({ port, process, unit }) => [port, process, unit]),
    [
      [7, "", ""],
      [80, "systemd", "init.scope"],
      [7443, "node", "socle-agent.service"],
    ],
  );
});

test("without the look, what it may not see is left open", async () => {
  const listeners = await readListeners(machine, new AbortController().signal);
  assert.deepEqual(new Set(listeners.map(({ unit }) => unit)), new Set([""]));
});
