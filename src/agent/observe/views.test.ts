import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConnections } from "../facts/sockets.ts";
import { createMemoryMachine } from "../memoryMachine.ts";
import { parseDiskTraffic, parseProcessors, parseTraffic } from "./getLoad.ts";
import { getNetwork } from "./getNetwork.ts";
import { parseTimesync } from "./getTime.ts";
import { listBoots } from "./listBoots.ts";
import { parseProcess } from "./listProcesses.ts";
import { parseUnits } from "./listUnits.ts";
import { parseRoutes4, parseRoutes6 } from "./routes.ts";

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

const NET = "/sys/class/net";

test("interfaces, routes and name servers are read from the kernel and systemd-resolved", async () => {
  const machine = {
    ...createMemoryMachine({
      files: {
        [`${NET}/lo/address`]: "00:00:00:00:00:00\n",
        [`${NET}/lo/operstate`]: "unknown\n",
        [`${NET}/lo/mtu`]: "65536\n",
        [`${NET}/enp1s0/address`]: "52:54:00:12:34:56\n",
        [`${NET}/enp1s0/operstate`]: "up\n",
        [`${NET}/enp1s0/mtu`]: "1500\n",
        [`${NET}/enp1s0/statistics/rx_bytes`]: "5\n",
        [`${NET}/enp1s0/statistics/tx_bytes`]: "6\n",
        [`${NET}/enp1s0/statistics/rx_dropped`]: "2\n",
        [`${NET}/enp1s0/statistics/tx_errors`]: "1\n",
        "/proc/net/route":
          "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\nenp1s0\t00000000\t010200C0\t0003\t0\t0\t1024\t00000000\t0\t0\t0\n",
        "/run/systemd/resolve/resolv.conf":
          "# x\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch example.org .\n",
      },
      folders: { [NET]: ["lo", "enp1s0", "bonding_masters"] },
      outputs: {},
      entries: {},
    }),
    listAddresses: () => Promise.resolve([{ interface: "enp1s0", address: "192.0.2.10/24" }]),
  };
  const { interfaces = [], ...others } = await getNetwork(machine);
  assert.deepEqual(
    interfaces.map(({ name, macAddress, state }) => [name, macAddress, state]),
    [
      ["enp1s0", "52:54:00:12:34:56", "up"],
      ["lo", "", "unknown"],
    ],
  );
  assert.deepEqual(interfaces[0], {
    name: "enp1s0",
    macAddress: "52:54:00:12:34:56",
    state: "up",
    mtu: 1500,
    receivedBytes: 5n,
    sentBytes: 6n,
    errors: 1n,
    dropped: 2n,
    addresses: ["192.0.2.10/24"],
  });
  assert.deepEqual(others, {
    routes: [{ destination: "default", gateway: "192.0.2.1", interface: "enp1s0", metric: 1024 }],
    nameServers: ["192.0.2.53", "2001:db8::53"],
    searchDomains: ["example.org"],
  });
});

test("routes are those that ip shows, without the machine's own addresses and what is refused", () => {
  // Recorded on a Debian machine, where `ip route show` says the same.
  const ipv4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
`;
  assert.deepEqual(
    parseRoutes4(ipv4).map(({ destination, gateway }) => [destination, gateway]),
    [
      ["default", "192.0.2.1"],
      ["192.0.2.0/24", ""],
    ],
  );
  const ipv6 = `fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0
fd000000000000000000000000000002 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000004 00000000 80200001     eth0
ff000000000000000000000000000000 08 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000005 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;
  assert.deepEqual(parseRoutes6(ipv6), [
    { destination: "fd00::/64", gateway: "", interface: "eth0", metric: 256 },
    { destination: "default", gateway: "fd00::1", interface: "eth0", metric: 1024 },
  ]);
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
      inode: "12",
    },
  ]);
});

test("the time server and the offset to it are what timesyncd tells", () => {
  const answer = (name: string, times: string) =>
    `{"type":"s","data":"${name}"}\n{"type":"(iay)","data":[2,[192,0,2,123]]}\n{"type":"(uuuuittayttttbtt)","data":[0,4,4,2,-24,1000,2000,[192,0,2,1],${times},false,3,1200]}\n`;
  const times = "1767225600000000,1767225600030000,1767225600030100,1767225600020100";
  assert.deepEqual(parseTimesync(answer("time.example.org", times)), {
    server: "time.example.org",
    offsetUs: 20_000n,
  });
  for (const none of ["0,0,0,0", "0,18444535084909551616,18444535084909551616,0"])
    assert.deepEqual(parseTimesync(answer("", none)), { server: "192.0.2.123", offsetUs: 0n });
  assert.deepEqual(parseTimesync(""), { server: "", offsetUs: 0n });
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
