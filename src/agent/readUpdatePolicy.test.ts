import assert from "node:assert/strict";
import { test } from "node:test";

import {
  encodeImageUpdateDefaults,
  IMAGE_UPDATE_PATH,
  ImageUpdateError,
} from "#boot/policy/imageUpdateDefaults.ts";
import type { ImageUpdateDefaults } from "#boot/policy/updatePolicy.ts";

import { ETC_PATHS } from "./configureEtc.ts";
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
  return readUpdatePolicy({ readText: async (path) => all[path], readCredential: credential });
}

test("the credential counts before the file, and the file before nothing", async () => {
  const file = { [ETC_PATHS.document]: toDocument({ channel: "file" }) };
  assert.equal((await read({})).channel, "stable");
  assert.equal((await read(file)).channel, "file");
  assert.equal((await read(file, async () => toDocument({ channel: "credential" }))).channel, "credential");
});

test("a document that is refused or cannot be read is not passed over for another", async () => {
  const file = { [ETC_PATHS.document]: toDocument({ mode: "download" }) };
  const refused = await read(file, async () => toDocument({ mode: "x" }));
  assert.equal(refused.mode, "manual");
  assert.match(refused.refused?.join() ?? "", /^update\.mode is "x": wanted one of/);
  const unreadable = await read(file, () => Promise.reject(new Error("no right to read it")));
  assert.equal(unreadable.mode, "manual");
  assert.deepEqual(unreadable.refused, ["the document cannot be read: no right to read it"]);
});

test("an image that does not say what it does is an error", async () => {
  await assert.rejects(
    readUpdatePolicy({ readText: async () => undefined, readCredential: async () => undefined }),
    ImageUpdateError,
  );
});
