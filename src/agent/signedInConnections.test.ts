import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";

import { SignedInConnections } from "./signedInConnections.ts";

test("each certificate has so many connections, and one that closes makes room", () => {
  const signedIn = new SignedInConnections(2);
  const [first, second, third, other] = Array.from({ length: 4 }, () => new EventEmitter()) as [
    EventEmitter,
    EventEmitter,
    EventEmitter,
    EventEmitter,
  ];
  const answers = [
    signedIn.add(first, "a"),
    signedIn.add(second, "a"),
    signedIn.add(third, "a"),
    signedIn.add(other, "b"),
  ];
  assert.deepEqual(answers, [true, true, false, true]);
  assert.deepEqual([...signedIn], [first, second, other]);
  first.emit("close");
  assert.equal(signedIn.add(third, "a"), true);
  for (const connection of [second, third, other]) connection.emit("close");
  assert.deepEqual([...signedIn], []);
});
