import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { test } from "node:test";

import fc from "fast-check";

import { isIpAddress, isLinkLocal, isUnicast, parseIpAddress, type IpAddressValue } from "./ipAddress.ts";

function parse(text: string): IpAddressValue {
  const value = parseIpAddress(text);
  assert.ok(value, text);
  return value;
}

test("addresses have the value that their text means", () => {
  const table: [string, 4 | 6, bigint][] = [
    ["0.0.0.0", 4, 0n],
    ["192.0.2.10", 4, 0xc000020an],
    ["255.255.255.255", 4, 0xffffffffn],
    ["::", 6, 0n],
    ["::1", 6, 1n],
    ["1::", 6, 1n << 112n],
    ["2001:db8::A", 6, 0x20010db800000000000000000000000an],
    ["1:2:3:4:5:6:7:8", 6, 0x00010002000300040005000600070008n],
    ["1:2:3:4:5:6:7::", 6, 0x00010002000300040005000600070000n],
    ["::ffff:192.0.2.10", 6, 0xffffc000020an],
    ["1:2:3:4:5:6:192.0.2.10", 6, 0x000100020003000400050006c000020an],
  ];
  for (const [text, family, bits] of table) assert.deepEqual(parse(text), { family, bits }, text);
});

test("what only looks like an address is none", () => {
  const lookalikes = [
    ["", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4"],
    ["1.2.3.4\n", "::1\n", "\n::1", ":", ":::", "1:::2", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9"],
    ["1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", "1:", ":1", "fe80::1%eth0", "::1/64"],
    ["::1.2.3", "::1.2.3.4:5", "1.2.3.4::", "::1.2.3.256", "::.1.2.3", "::1\u0660"],
  ].flat();
  for (const text of lookalikes) {
    assert.equal(isIpAddress(text), false, JSON.stringify(text));
  }
});

test("Node's own judge agrees about every address without a zone", () => {
  const nearlyAddress = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.string({ unit: fc.constantFrom(..."0129af:.".split(""), "::", "255", "\n"), maxLength: 24 }),
    fc.string(),
  );
  fc.assert(
    fc.property(nearlyAddress, (text) => {
      fc.pre(!text.includes("%"));
      assert.equal(parseIpAddress(text)?.family, isIPv4(text) ? 4 : isIPv6(text) ? 6 : undefined);
    }),
    { numRuns: 5_000 },
  );
});

test("neither the unspecified address nor a multicast group is one machine's", () => {
  for (const text of ["0.0.0.0", "224.0.0.1", "239.255.255.255", "::", "ff02::1"]) {
    assert.equal(isUnicast(parse(text)), false, text);
  }
  for (const text of ["192.0.2.1", "223.255.255.255", "240.0.0.1", "::1", "fe80::1", "2001:db8::1"]) {
    assert.equal(isUnicast(parse(text)), true, text);
  }
});

test("link-local are the addresses of fe80::/10, and no IPv4 address", () => {
  assert.equal(isLinkLocal(parse("fe80::1")), true);
  assert.equal(isLinkLocal(parse("febf::1")), true);
  assert.equal(isLinkLocal(parse("fec0::1")), false);
  assert.equal(isLinkLocal(parse("169.254.0.1")), false);
});
