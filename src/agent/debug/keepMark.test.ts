import assert from "node:assert/strict";
import { test } from "node:test";

import { NOT_PRISTINE_PATH } from "../facts/notPristine.ts";
import { keepMark } from "./keepMark.ts";

test("the mark is read once, and again after a session; a failure is not kept, nor any other file", async () => {
  const reads: string[] = [];
  let answer: () => Promise<Uint8Array | undefined> = () => Promise.reject(new Error("no medium"));
  const { machine, forget } = keepMark({ readFile: (path: string) => (reads.push(path), answer()) });
  await assert.rejects(machine.readFile(NOT_PRISTINE_PATH), /no medium/);
  answer = () => Promise.resolve(undefined);
  assert.equal(await machine.readFile(NOT_PRISTINE_PATH), undefined);
  answer = () => Promise.resolve(Buffer.from("marked"));
  assert.equal(await machine.readFile(NOT_PRISTINE_PATH), undefined);
  assert.equal(reads.length, 2);
  forget();
  assert.equal(String(await machine.readFile(NOT_PRISTINE_PATH)), "marked");
  await machine.readFile("/etc/hostname");
  await machine.readFile("/etc/hostname");
  assert.deepEqual(reads.slice(3), ["/etc/hostname", "/etc/hostname"]);
});
