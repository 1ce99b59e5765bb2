import assert from "node:assert/strict";
import { test } from "node:test";

import { assertProblems, problemsOf } from "./problemsOf.fixture.ts";

const A = { match: { name: "enp1s0" }, addresses: ["192.0.2.10/24"] };
const B = { match: { name: "enp2s0" }, addresses: ["198.51.100.10/24"] };
const BOND = { name: "bond0", members: ["enp3s0", "enp4s0"] };
const VLAN = { name: "lan20", id: 20, on: "enp1s0" };

const network = (keys: object) => ({ network: keys });
const entry = (keys: object) => network({ interfaces: [{ ...A, ...keys }] });

test("what a link cannot have is told", () => {
  assertProblems([
    [entry({ domains: ["example.org"], mtu: 9000 }), undefined],
    [entry({ domains: ["example.org."] }), /\.domains\[0\] is .*without the dot at the end/],
    [entry({ domains: ["a b"] }), /\.domains\[0\] is "a b": wanted a domain/],
    [entry({ mtu: "9000" }), /\.mtu is "9000": wanted a whole number from 1280 to 65535$/],
    [entry({ mtu: 1500.5 }), /\.mtu is 1500\.5/],
    [entry({ routes: [{ to: "10.0.0.0/8", via: "192.0.2.1" }] }), undefined],
    [entry({ routes: [{ to: "10.0.0.0/8" }] }), undefined],
    [entry({ routes: [{ to: "10.0.0.1/8", via: "192.0.2.1" }] }), /\.to is .*end it with zeros/],
    [entry({ routes: [{ to: "default", via: "192.0.2.1" }] }), /\.to is "default": .*"0\.0\.0\.0\/0"/],
    [entry({ routes: [{ via: "192.0.2.1" }] }), /routes\[0\]\.to is missing/],
    [entry({ routes: [{ to: "10.0.0.0/8", via: "192.0.3.1" }] }), /routes\[0\]\.via is .*network of one of/],
    [entry({ routes: [{ to: "10.0.0.0/8", via: "fe80::1" }] }), /\.via is "fe80::1": wanted an IPv4 address/],
    [entry({ routes: [{ to: "10.0.0.0/8", metric: 0 }] }), /\.metric is 0/],
    [
      network({ interfaces: [{ match: A.match, routes: [{ to: "10.0.0.0/8", via: "192.0.2.1" }] }] }),
      undefined,
    ],
  ]);
});

test("addresses and ways that two links cannot both have are told", () => {
  const b = (keys: object) => network({ interfaces: [A, { ...B, ...keys }] });
  const gateway = { gateway: "192.0.2.1" };
  assertProblems([
    [b({}), undefined],
    [b({ addresses: ["192.0.2.10/25"] }), /interfaces\[1\]\.addresses\[0\] is .*interfaces\[0\] has it/],
    [
      b({ addresses: ["192.0.2.11/24"] }),
      /network that no other link is in \(interfaces\[0\] is in the same/,
    ],
    [b({ addresses: ["192.0.2.11/25"] }), undefined],
    [entry({ addresses: ["192.0.2.10/24", "192.0.2.11/24"] }), undefined],
    [
      entry({ addresses: ["2001:db8::1/64", "2001:DB8:0::1/64"] }),
      /addresses\[1\] is .*interfaces\[0\] has it/,
    ],
    [
      network({
        interfaces: [
          { ...A, addresses: ["fe80::1/64"] },
          { ...B, addresses: ["fe80::1/64"] },
        ],
      }),
      undefined,
    ],
    [
      network({
        interfaces: [
          { ...A, ...gateway },
          { ...B, gateway: "198.51.100.1" },
        ],
      }),
      /interfaces\[1\]\.gateway is .*only way .*metric of its own \(interfaces\[0\] leads to 0\.0\.0\.0\/0 as well\)/,
    ],
    [
      network({
        interfaces: [
          { ...A, ...gateway },
          { ...B, routes: [{ to: "0.0.0.0/0", via: "198.51.100.1", metric: 9 }] },
        ],
      }),
      undefined,
    ],
    [
      network({ interfaces: [A], vlans: [{ ...VLAN, addresses: ["192.0.2.10/32"] }] }),
      /vlans\[0\]\.addresses\[0\]/,
    ],
  ]);
});

test("VLANs and bonds that no machine can have are told", () => {
  const vlans = (...items: object[]) => network({ interfaces: [A, B], bonds: [BOND], vlans: items });
  const bonds = (...items: object[]) => network({ interfaces: [A], bonds: items });
  assertProblems([
    [vlans(VLAN), undefined],
    [vlans({ ...VLAN, on: "bond0" }), undefined],
    [vlans(VLAN, { name: "lan20.30", id: 30, on: "lan20" }), undefined],
    [vlans({ ...VLAN, on: "enp9s0" }), /vlans\[0\]\.on is "enp9s0": .*add an entry with "match"/],
    [vlans({ ...VLAN, on: "enp3s0" }), /vlans\[0\]\.on is .*it is a member of a bond: write "bond0"/],
    [vlans({ ...VLAN, on: "en*" }), /vlans\[0\]\.on is "en\*": .*a pattern may mean several/],
    [
      vlans({ ...VLAN, on: "lan20" }),
      /vlans\[0\]\.on is "lan20": wanted a link that does not lie on this one/,
    ],
    [vlans({ ...VLAN, id: 0 }), /vlans\[0\]\.id is 0: wanted a whole number from 1 to 4094/],
    [vlans({ ...VLAN, id: 4095 }), /vlans\[0\]\.id is 4095/],
    [vlans({ id: 1, on: "enp1s0" }), /vlans\[0\]\.name is missing/],
    [vlans({ ...VLAN, name: "a-name-too-long.1" }), /vlans\[0\]\.name is "a-name-too-long\.1": .*15 letters/],
    [vlans({ ...VLAN, name: "lo" }), /vlans\[0\]\.name is "lo"/],
    [vlans(VLAN, { ...VLAN, name: "other" }), /vlans\[1\]\.id is 20: .*\(vlans\[0\] is the same one\)/],
    [vlans(VLAN, { ...VLAN, name: "other", on: "enp2s0" }), undefined],
    [vlans(VLAN, { ...VLAN, id: 21 }), /vlans\[1\]\.name is "lan20": .*vlans\[0\] has the same/],
    [vlans({ ...VLAN, name: "enp2s0" }), /vlans\[0\]\.name is .*interfaces\[1\]\.match has the same/],
    [
      network({ interfaces: [{ ...A, mtu: 1500 }], vlans: [{ ...VLAN, mtu: 1501 }] }),
      /vlans\[0\]\.mtu is 1501: wanted at most 1500, as "enp1s0" has/,
    ],
    [bonds(BOND), undefined],
    [bonds({ ...BOND, members: [] }), /members is a list: .*at least one/],
    [bonds({ ...BOND, members: ["enp1s0"] }), /members\[0\] is .*without an entry in network\.interfaces/],
    [bonds({ ...BOND, members: ["enp3s0", "enp3s0"] }), /members\[1\] is .*no member yet \("bond0" has it\)/],
    [bonds(BOND, { name: "bond1", members: ["enp3s0"] }), /bonds\[1\]\.members\[0\] is .*"bond0" has it/],
    [
      bonds(BOND, { name: "bond1", members: ["bond0"] }),
      /bonds\[1\]\.members\[0\] is .*neither a bond nor a VLAN/,
    ],
    [bonds({ ...BOND, mode: "lacp" }), /bonds\[0\]\.mode is "lacp": wanted one of/],
    [bonds({ ...BOND, lacpRate: "fast" }), /lacpRate is "fast": wanted no such key, or the mode "802\.3ad"/],
    [
      bonds({ ...BOND, hashPolicy: "layer2" }),
      /hashPolicy is "layer2": wanted no such key, or one of the modes/,
    ],
    [bonds({ ...BOND, mode: "balance-xor", hashPolicy: "layer2" }), undefined],
  ]);
});

test("VLANs that lie on one another in a ring are each told", () => {
  const ring = [
    { name: "a", id: 1, on: "b" },
    { name: "b", id: 2, on: "c" },
    { name: "c", id: 3, on: "a" },
  ];
  for (const index of ring.keys()) {
    const open = ring.map((vlan, each) => (each === index ? { ...vlan, on: "enp1s0" } : vlan));
    assertProblems([[network({ interfaces: [A], vlans: open }), undefined]]);
  }
  const onRing = { name: "d", id: 4, on: "a" };
  assertRing(ring, onRing);
});

function assertRing(ring: readonly object[], outside: object): void {
  const problems = problemsOf(network({ vlans: [...ring, outside] }));
  assert.deepEqual(
    problems.map((line) => line.split(" is ")[0]),
    ["network.vlans[0].on", "network.vlans[1].on", "network.vlans[2].on"],
  );
}

test("a proxy is an address without a path, and a password in it is never told", () => {
  const proxy = (keys: object) => network({ proxy: keys });
  assertProblems([
    [proxy({ http: "http://u:p%40ss@proxy.example.org:3128/" }), undefined],
    [proxy({ https: "proxy.example.org:3128" }), /proxy\.https is .*wanted the http: or https: address/],
    [proxy({ http: "http://u:secret@proxy.example.org/path" }), /^(?!.*secret).*u:…@proxy.*without a path/],
    [proxy({ http: 'http://u:se"cret@proxy.example.org' }), /^(?!.*cret)/],
    [proxy({ http: "http://[::1" }), /proxy\.http is/],
    [proxy({ noProxy: ["localhost", ".example.org", "10.0.0.0/8", "::1"] }), undefined],
    [proxy({ noProxy: ["*.example.org"] }), /noProxy\[0\] is "\*\.example\.org"/],
    [proxy({ noProxy: ["10.0.0.0/33"] }), /noProxy\[0\]/],
  ]);
});
