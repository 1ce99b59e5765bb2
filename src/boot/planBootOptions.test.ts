import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeBootOrder, encodeBootOrder, encodeLoadOption, toBootVariable } from "./efiLoadOption.ts";
import { planBootOptions, type VariableWrite } from "./planBootOptions.ts";

const ESP = { number: 1, firstSector: 2048, sectors: 524_288, uuid: "00112233-4455-6677-8899-aabbccddeeff" };

test("a boot option is laid out as UEFI 2.10, 3.1.3 has it", () => {
  const path = "\\a";
  const bytes = Buffer.from(encodeLoadOption({ description: "S", partition: ESP, path }));
  assert.equal(
    bytes.toString("hex"),
    [
      "01000000", // active
      "3800", // bytes of the paths below
      "53000000", // "S"
      "04012a00 01000000 0008000000000000 0000080000000000 33221100554477668899aabbccddeeff 02 02",
      "04040a00 5c0061000000",
      "7fff0400",
    ]
      .join("")
      .replaceAll(" ", ""),
  );
});

test("the numbers of options are four hexadecimal digits, and an order is read back", () => {
  assert.equal(toBootVariable(0x50c0), "Boot50C0");
  assert.equal(toBootVariable(1), "Boot0001");
  assert.deepEqual(decodeBootOrder(encodeBootOrder([3, 0x50c0])), [3, 0x50c0]);
});

function apply(variables: ReadonlyMap<string, Uint8Array>, writes: readonly VariableWrite[]) {
  return new Map([...variables, ...writes.map(({ name, data }) => [name, data] as const)]);
}

test("a fresh firmware gets one option more than an image has tries, before its own, and then nothing more", () => {
  const fresh = new Map([["BootOrder", encodeBootOrder([0, 1])]]);
  const writes = planBootOptions({ esp: ESP, bootTries: 3, variables: fresh });
  assert.deepEqual(
    writes.map(({ name }) => name),
    ["Boot50C0", "Boot50C1", "Boot50C2", "Boot50C3", "BootOrder"],
  );
  const after = apply(fresh, writes);
  assert.deepEqual(decodeBootOrder(after.get("BootOrder")!), [0x50c0, 0x50c1, 0x50c2, 0x50c3, 0, 1]);
  assert.deepEqual(planBootOptions({ esp: ESP, bootTries: 3, variables: after }), []);
});

test("fewer tries leave fewer options in the order; an option that somebody changed is put right", () => {
  const empty = new Map<string, Uint8Array>();
  const three = apply(empty, planBootOptions({ esp: ESP, bootTries: 3, variables: empty }));
  const one = apply(three, planBootOptions({ esp: ESP, bootTries: 1, variables: three }));
  assert.deepEqual(decodeBootOrder(one.get("BootOrder")!), [0x50c0, 0x50c1]);
  const changed = new Map([...one, ["Boot50C1", new Uint8Array([1])]]);
  const names = planBootOptions({ esp: ESP, bootTries: 1, variables: changed }).map(({ name }) => name);
  assert.deepEqual(names, ["Boot50C1"]);
});
