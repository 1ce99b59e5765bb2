import assert from "node:assert/strict";
import { test } from "node:test";

import type { MachineInventory } from "../fetchInventory.ts";
import { toComparedMachine } from "./toComparedMachine.ts";

const inventory: MachineInventory = {
  id: "edge",
  version: "1.0",
  kernelVersion: "6.12.1",
  kernelCommandLine: "ro quiet",
  packages: [],
  files: [{ path: "/usr", type: "directory", mode: 0o755, uid: 0, gid: 0 }],
  leftOut: ["/var"],
  units: [
    { name: "boot.mount", state: "generated" },
    { name: "run-user.scope", state: "transient" },
    { name: "ssh.socket", state: "enabled" },
    { name: "systemd-growfs@.service", state: "indirect" },
    { name: "systemd-remount-fs.service", state: "enabled-runtime" },
  ],
  listeners: [
    { protocol: "tcp", address: "::", port: 22, process: "systemd", unit: "ssh.socket" },
    { protocol: "udp", address: "0.0.0.0", port: 68, process: "dhclient", unit: "" },
    { protocol: "tcp", address: "127.0.0.1", port: 80, process: "", unit: "" },
  ],
  unreadable: [],
};

test("a machine is told in the words of a release", () => {
  const machine = toComparedMachine(inventory);
  assert.deepEqual(
    machine.units,
    [
      { name: "ssh.socket", state: "enabled" },
      { name: "systemd-growfs@.service", state: "set at boot" },
      { name: "systemd-remount-fs.service", state: "set at boot" },
    ],
    "units made at boot are in no image",
  );
  assert.deepEqual(
    machine.listeners?.entries.map(({ address, port, by }) => `${address} ${port} ${by}`),
    ["* 22 ssh.socket", "* 68 dhclient", "127.0.0.1 80 "],
  );
  assert.deepEqual(machine.kernel, { version: "6.12.1", commandLine: "ro quiet" });
  assert.equal(machine.files?.hasContents, false);
  assert.equal("rootHash" in machine, false, "a machine without one has none, not an empty one");
});
