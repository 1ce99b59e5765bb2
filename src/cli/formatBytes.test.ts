import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes } from "./formatBytes.ts";

const CASES: readonly (readonly [number, string])[] = [
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [148_200_000, "148.2 MB"],
  [999_949_999, "999.9 MB"],
  [999_950_000, "1.0 GB"],
  [1_900_000_000, "1.9 GB"],
  [5_000_000_000_000_000, "5000.0 TB"],
];

for (const [sizeBytes, wanted] of CASES) {
  test(`${sizeBytes} bytes are written ${wanted}`, () => assert.equal(formatBytes(sizeBytes), wanted));
}
