import assert from "node:assert/strict";
import { test } from "node:test";

import { parseIpAddress } from "./ipAddress.ts";
import { holds, parseIpNetwork, refuseHostAddress, type IpNetworkValue } from "./ipNetwork.ts";

function parse(text: string): IpNetworkValue {
  const value = parseIpNetwork(text);
  assert.ok(value, text);
  return value;
}

test("a network is an address, a slash and a prefix that fits the address", () => {
  assert.equal(parse("192.0.2.10/24").prefixLength, 24);
  assert.equal(parse("192.0.2.10/32").prefixLength, 32);
  assert.equal(parse("2001:db8::1/128").prefixLength, 128);
  const lookalikes = [
    [
      "192.0.2.10",
      "192.0.2.10/",
      "192.0.2.10/0",
      "192.0.2.10/33",
      "192.0.2.10/024",
      "192.0.2.10/24/24",
      "/24",
    ],
    ["192.0.2.10/-1", "192.0.2.10/2.4", "192.0.2.10/24\n", "2001:db8::1/129", "192.0.2.10/255.255.255.0"],
  ].flat();
  for (const text of lookalikes) {
    assert.equal(parseIpNetwork(text), undefined, JSON.stringify(text));
  }
});

test("an address that no machine can have in its network is refused with the reason", () => {
  const table: [string, RegExp | undefined][] = [
    ["192.0.2.10/24", undefined],
    ["192.0.2.0/24", /network itself/],
    ["192.0.2.255/24", /broadcast/],
    ["192.0.2.0/23", /network itself/],
    ["192.0.3.0/23", undefined],
    ["192.0.2.0/31", undefined],
    ["192.0.2.0/32", undefined],
    ["0.0.0.0/24", /no single machine/],
    ["224.0.0.1/24", /no single machine/],
    ["2001:db8::/64", undefined],
    ["::/64", /no single machine/],
  ];
  for (const [text, reason] of table) {
    const refusal = refuseHostAddress(parse(text));
    if (reason === undefined) assert.equal(refusal, undefined, text);
    else assert.match(refusal ?? "", reason, text);
  }
});

test("a network holds the addresses with its prefix, of its own family", () => {
  const table: [string, string, boolean][] = [
    ["192.0.2.10/24", "192.0.2.1", true],
    ["192.0.2.10/24", "192.0.3.1", false],
    ["192.0.2.10/25", "192.0.2.129", false],
    ["192.0.2.10/32", "192.0.2.10", true],
    ["2001:db8::10/64", "2001:db8::1", true],
    ["2001:db8::10/64", "2001:db8:0:1::1", false],
    ["::1/96", "0.0.0.1", false],
  ];
  for (const [network, text, expected] of table) {
    const address = parseIpAddress(text);
    assert.ok(address);
    assert.equal(holds(parse(network), address), expected, `${text} in ${network}`);
  }
});
