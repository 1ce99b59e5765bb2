import assert from "node:assert/strict";
import { test } from "node:test";

import { LEVELS } from "#definition/levels.ts";

import { toKernelCommandLine, toRootReference } from "./kernelCommandLine.ts";

const ROOT_HASH = "38".repeat(32);
const UUID = "aaaaaaaa-0000-4000-8000-000000000001";

test("a verified root is named by its hash, read-only, and a corrupt block ends the boot", () => {
  const words = toKernelCommandLine({ kind: "verity", rootHash: ROOT_HASH }, []).split(" ");
  for (const word of [
    "ro",
    `roothash=${ROOT_HASH}`,
    "systemd.verity_root_options=panic-on-corruption",
    "gpt",
    "bdev_allow_write_mounted=off",
    "panic=5",
    "oops=panic",
  ]) {
    assert.ok(words.includes(word), word);
  }
  assert.ok(!words.includes("rw"));
  assert.ok(!words.some((word) => word.startsWith("root=")), "it names no partition, so no slot");
});

test("the writable root of `classic` is named by its partition, without any verity", () => {
  const line = toKernelCommandLine({ kind: "partition", uuid: UUID }, []);
  assert.match(line, new RegExp(`^rw root=PARTUUID=${UUID} `));
  assert.doesNotMatch(line, /verity|roothash|\bro\b/);
});

test("a definition's own arguments come last, so that they win", () => {
  for (const root of [
    { kind: "verity", rootHash: ROOT_HASH },
    { kind: "partition", uuid: UUID },
  ] as const) {
    assert.match(toKernelCommandLine(root, ["quiet", "panic=60"]), / panic=5 oops=panic quiet panic=60$/);
  }
});

test("the kernel speaks to the screen and to the serial line; /dev/console is the last, the serial line", () => {
  const words = toKernelCommandLine({ kind: "verity", rootHash: ROOT_HASH }, []).split(" ");
  assert.deepEqual(
    words.filter((word) => word.startsWith("console=")),
    ["console=tty0", "console=ttyS0,115200"],
  );
});

test("each level gets the reference that fits its root", () => {
  for (const [name, policies] of Object.entries(LEVELS)) {
    const wanted =
      name === "classic" ? { kind: "partition", uuid: UUID } : { kind: "verity", rootHash: ROOT_HASH };
    assert.deepEqual(toRootReference(policies, name === "classic" ? undefined : ROOT_HASH, UUID), wanted);
  }
  assert.throws(() => toRootReference(LEVELS.total, undefined, UUID), TypeError);
});
