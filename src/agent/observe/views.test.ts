import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConnections } from "../facts/sockets.ts";
import { createMemoryMachine } from "../memoryMachine.ts";
import { parseDiskTraffic, parseProcessors, parseTraffic } from "./getLoad.ts";
import { parseLinks, parseResolvConf, parseRoutes } from "./getNetwork.ts";
import { parseOffsetUs } from "./getTime.ts";
import { listBoots } from "./listBoots.ts";
import { parseProcess } from "./listProcesses.ts";
import { parseUnits } from "./listUnits.ts";

test("a process whose name is odd is read all the same", () => {
  const stat =
    "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 1234 1000 10 18446744073709551615 0 0 0 0";
  const status = "Name:\ta) b (c\nUid:\t33\t33\t33\t33\nVmRSS:\t    2048 kB\n";
  assert.deepEqual(parseProcess(stat, status), {
    pid: 42,
    parentPid: 1,
    name: "a) b (c",
    state: "S",
    uid: 33,
    memoryBytes: 2_097_152n,
    cpuUs: 3_000_000n,
    threads: 3,
    startedUs: 12_340_000n,
  });
});

test("units are read, with what systemd does not know as 0", () => {
  const text = `Id=b.service
Description=Second
ActiveState=failed
SubState=failed
UnitFileState=enabled
Result=exit-code
MainPID=0
NRestarts=4
MemoryCurrent=[not set]
CPUUsageNSec=18446744073709551615
StateChangeTimestamp=@1769000000

Id=a.service
Description=First
ActiveState=active
SubState=running
Result=success
MainPID=7
NRestarts=0
MemoryCurrent=4096
CPUUsageNSec=2000
StateChangeTimestamp=
`;
  const [first, second] = parseUnits(text, new Set(["a.service"]));
  assert.deepEqual(
    [first?.name, first?.mayRestart, first?.memoryBytes, first?.cpuUs],
    ["a.service", true, 4096n, 2n],
  );
  assert.deepEqual(
    [second?.name, second?.mayRestart, second?.memoryBytes, second?.cpuUs, second?.result, second?.restarts],
    ["b.service", false, 0n, 0n, "exit-code", 4],
  );
  assert.equal(first && "since" in first, false);
});

test("processors, network and disks are counted once", () => {
  const stat =
    "cpu  10 1 5 900 50 2 3 4 7 0\ncpu0 5 0 2 450 0 0 0 0 0 0\ncpu1 5 1 3 450 0 0 0 0 0 0\nintr 1\n";
  assert.deepEqual(parseProcessors(stat), { busyUs: 250_000n, processors: 2 });
  const network = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1000 1 0 0 0 0 0 0 1000 1 0 0 0 0 0 0
enp1s0:2000 1 0 0 0 0 0 0 300 1 0 0 0 0 0 0
`;
  assert.deepEqual(parseTraffic(network), { receivedBytes: 2000n, sentBytes: 300n });
  const disks = ` 253 0 vda 1 0 8 0 1 0 16 0 0 0 0\n 253 1 vda1 1 0 8 0 1 0 16 0 0 0 0\n 252 0 dm-0 1 0 8 0 1 0 16 0 0 0 0\n`;
  assert.deepEqual(parseDiskTraffic(disks), { diskReadBytes: 4096n, diskWrittenBytes: 8192n });
});

test("interfaces and routes are read from ip", () => {
  const links = JSON.stringify([
    {
      ifname: "enp1s0",
      address: "52:54:00:12:34:56",
      operstate: "UP",
      mtu: 1500,
      addr_info: [{ family: "inet", local: "192.0.2.10", prefixlen: 24 }],
      stats64: { rx: { bytes: 5, errors: 1, dropped: 2 }, tx: { bytes: 6, errors: 0, dropped: 0 } },
    },
  ]);
  assert.deepEqual(parseLinks(links), [
    {
      name: "enp1s0",
      macAddress: "52:54:00:12:34:56",
      state: "up",
      mtu: 1500,
      addresses: ["192.0.2.10/24"],
      receivedBytes: 5n,
      sentBytes: 6n,
      errors: 1n,
      dropped: 2n,
    },
  ]);
  assert.deepEqual(parseRoutes('[{"dst":"default","gateway":"192.0.2.1","dev":"enp1s0","metric":1024}]'), [
    { destination: "default", gateway: "192.0.2.1", interface: "enp1s0", metric: 1024 },
  ]);
  assert.deepEqual(parseRoutes(""), []);
  assert.deepEqual(
    parseResolvConf("# x\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch example.org .\n"),
    {
      nameServers: ["192.0.2.53", "2001:db8::53"],
      searchDomains: ["example.org"],
    },
  );
});

test("connections are those that do not wait", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1D13 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1
   1: 0F02000A:1D13 0202000A:C350 01 00000000:00000000 00:00000000 00000000     0        0 12 1
`;
  assert.deepEqual(parseConnections(table, "tcp"), [
    {
      protocol: "tcp",
      state: "established",
      localAddress: "10.0.2.15",
      localPort: 7443,
      remoteAddress: "10.0.2.2",
      remotePort: 50_000,
    },
  ]);
});

test("the offset to the time server is half of both ways' difference", () => {
  const message =
    "{ Leap=0, Version=4, Mode=4, OriginateTimestamp=Thu 2026-01-01 00:00:00.000000 UTC, ReceiveTimestamp=Thu 2026-01-01 00:00:00.030000 UTC, TransmitTimestamp=Thu 2026-01-01 00:00:00.030100 UTC, DestinationTimestamp=Thu 2026-01-01 00:00:00.020100 UTC, Ignored=no }";
  assert.equal(parseOffsetUs(message), 20_000);
  assert.equal(parseOffsetUs(""), 0);
});

test("boots come newest first, with what their health reports say", async () => {
  const json = JSON.stringify([
    { index: -1, boot_id: "0123456789abcdef0123456789abcdef", first_entry: 1000, last_entry: 2000 },
    { index: 0, boot_id: "fedcba9876543210fedcba9876543210", first_entry: 3000, last_entry: 4000 },
  ]);
  const outputs = { "journalctl --list-boots --output=json --no-pager --quiet": json };
  const machine = createMemoryMachine({ files: {}, folders: {}, outputs, entries: {} });
  const verdict = { bootId: "01234567-89ab-cdef-0123-456789abcdef", version: "1.1", verdict: "fail" };
  const { boots = [] } = await listBoots(machine, [verdict]);
  assert.deepEqual(
    boots.map(({ offset, version, verdict: found }) => [offset, version, found]),
    [
      [0, "", ""],
      [-1, "1.1", "fail"],
    ],
  );
});
