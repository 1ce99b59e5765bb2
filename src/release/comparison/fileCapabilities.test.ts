import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeFileCapabilities } from "./fileCapabilities.ts";

/** As the kernel keeps them, with what getcap(8) says of them. */
const VECTORS: readonly (readonly [hex: string, text: string])[] = [
  ["0100000200200000000000000000000000000000", "cap_net_raw=ep"],
  ["0000000200200000000000000000000000000000", "cap_net_raw=p"],
  ["0000000200000000002000000000000000000000", "cap_net_raw=i"],
  ["0100000200340000000000000000000000000000", "cap_net_bind_service,cap_net_admin,cap_net_raw=ep"],
  ["0100000200000000000000008000000000000000", "cap_bpf=ep"],
  ["010000030020000000000000000000000000000000100000", "cap_net_raw=ep"],
  ["010000010020000000000000", "cap_net_raw=ep"],
  ["0000000200200000002000000000000000000000", "cap_net_raw=ip"],
  ["0100000200000000000000000000008000000000", "63=ep"],
  ["0100000200000000000000000000000000000000", "empty"],
];

test("capabilities are told as getcap does", () => {
  for (const [hex, text] of VECTORS) assert.equal(decodeFileCapabilities(hex), text, hex);
});

test("what cannot be read is shown as it is", () => {
  for (const hex of ["", "00", "0100", "zz"])
    assert.equal(decodeFileCapabilities(hex), `unreadable (${hex})`);
});
