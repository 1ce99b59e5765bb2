import assert from "node:assert/strict";
import { test } from "node:test";

import { listsAddress } from "./noProxy.ts";

const LIST = "localhost, .example.org,192.0.2.7,10.0.0.0/8,2001:db8::/32,fe80::1,10.0.0.0/99,";

for (const [host, listed] of [
  ["192.0.2.7", true],
  ["192.0.2.8", false],
  ["10.200.3.4", true],
  ["11.0.0.1", false],
  ["[2001:db8:1::5]", true],
  ["[2001:db9::5]", false],
  ["[FE80:0::1]", true],
  ["localhost", false],
  ["a.example.org", false],
] as const)
  test(`${host} is ${listed ? "" : "not "}one of the addresses without a proxy`, () =>
    assert.equal(listsAddress(LIST, host), listed));
