import assert from "node:assert/strict";
import { test } from "node:test";

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";

import { OpenDebugSessionRequestSchema } from "#protocol/gen/socle/v1/debug_pb.ts";
import { ErrorDetailSchema } from "#protocol/gen/socle/v1/machine_pb.ts";
import { ApplyUpdateRequestSchema, SetHoldRequestSchema } from "#protocol/gen/socle/v1/update_pb.ts";

import { summarizeMessage } from "./summarizeMessage.ts";

const hold = (reason: string) =>
  summarizeMessage(SetHoldRequestSchema, create(SetHoldRequestSchema, { reason }));

test("what was asked is shown as it is, as long as it is short", () => {
  assert.deepEqual(hold("measuring"), { reason: "measuring" });
  assert.deepEqual(hold("x".repeat(300)), { reason: `${"x".repeat(200)}… (300 characters)` });
});

test("keys are never shown, wherever they stand", () => {
  const pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----";
  assert.deepEqual(hold(pem), { reason: `(${pem.length} characters, not shown)` });
});

test("what passes through a debug session is not shown, who asks for it and why is", () => {
  const toShown = (request: MessageInitShape<typeof OpenDebugSessionRequestSchema>) =>
    summarizeMessage(OpenDebugSessionRequestSchema, create(OpenDebugSessionRequestSchema, request));
  const typed = Buffer.from("sesame");
  assert.deepEqual(toShown({ input: { case: "data", value: typed } }), { data: "(8 characters, not shown)" });
  const start = { reason: "disk errors", seconds: 900, command: ["ps"] };
  assert.deepEqual(toShown({ input: { case: "start", value: start } }), { start });
});

test("of an address neither password nor query is shown, whatever they are", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9]{6,20}$/);
  fc.assert(
    fc.property(word, word, (password, token) => {
      const repositoryUrl = `https://me:${password}@updates.example/os?token=${token}`;
      const request = create(ApplyUpdateRequestSchema, { target: { repositoryUrl } });
      const shown = JSON.stringify(summarizeMessage(ApplyUpdateRequestSchema, request));
      assert.equal(shown, '{"target":{"repositoryUrl":"https://updates.example/os?…"}}');
    }),
    { numRuns: 50 },
  );
});

test("any text gives one line of bounded length", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 2_000 }), (text) => {
      const message = create(ErrorDetailSchema, { code: text, hint: text });
      assert.ok(JSON.stringify(summarizeMessage(ErrorDetailSchema, message)).length < 3_000);
    }),
    { numRuns: 200 },
  );
});
