import assert from "node:assert/strict";
import { test } from "node:test";

import {
  encodeImageUpdateDefaults,
  IMAGE_UPDATE_PATH,
  ImageUpdateError,
} from "#boot/policy/imageUpdateDefaults.ts";
import type { ImageUpdateDefaults } from "#boot/policy/updatePolicy.ts";

import { readUpdatePolicy } from "./readUpdatePolicy.ts";

const IMAGE: ImageUpdateDefaults = {
  channel: "stable",
  mode: "automatic",
  spreadSeconds: 0,
  minimumAgeSeconds: 0,
};

function toDocument(update: object): string {
  return JSON.stringify({ apiVersion: "socle/v1", kind: "MachineConfiguration", update });
}

function read(
  files: Record<string, string>,
  credential: () => Promise<string | undefined> = async () => undefined,
) {
  const all: Record<string, string | undefined> = {
    [IMAGE_UPDATE_PATH]: encodeImageUpdateDefaults(IMAGE),
    ...files,
  };
  const machine = {
    readText: async (path: string) => all[path],
    listFolder: async () => [],
    readCredential: credential,
  };
  return readUpdatePolicy(machine, () => {});
}

test("what the document says counts before what the image says", async () => {
  assert.equal((await read({})).channel, "stable");
  assert.equal((await read({}, async () => toDocument({ channel: "beta" }))).channel, "beta");
});

test("a document that is refused or cannot be read changes nothing by itself", async () => {
  const refused = await read({}, async () => toDocument({ mode: "x" }));
  assert.equal(refused.mode, "manual");
  assert.match(refused.refused?.join() ?? "", /^update\.mode is "x": wanted one of/);
  const unreadable = await read({}, () => Promise.reject(new Error("no right to read it")));
  assert.equal(unreadable.mode, "manual");
  assert.deepEqual(unreadable.refused, ["the document cannot be read: no right to read it"]);
});

test("an image that does not say what it does is an error", async () => {
  await assert.rejects(
    readUpdatePolicy(
      {
        readText: async () => undefined,
        listFolder: async () => [],
        readCredential: async () => undefined,
      },
      () => {},
    ),
    ImageUpdateError,
  );
});
