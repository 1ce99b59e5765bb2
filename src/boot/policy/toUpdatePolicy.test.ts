import assert from "node:assert/strict";
import { test } from "node:test";

import {
  encodeImageUpdateDefaults,
  ImageUpdateError,
  parseImageUpdateDefaults,
} from "./imageUpdateDefaults.ts";
import { toUpdatePolicy } from "./toUpdatePolicy.ts";
import type { ImageUpdateDefaults } from "./updatePolicy.ts";

const IMAGE: ImageUpdateDefaults = {
  repository: "https://updates.example.org/",
  channel: "stable",
  mode: "automatic",
  window: { days: [6, 7], startMinute: 120, minutes: 120, timeZone: "UTC" },
  spreadSeconds: 600,
  minimumAgeSeconds: 0,
  floor: "1.0",
};

test("what the build writes is what the updater reads", () => {
  const { window: _window, repository: _repository, floor: _floor, ...least } = IMAGE;
  for (const defaults of [IMAGE, least])
    assert.deepEqual(parseImageUpdateDefaults(encodeImageUpdateDefaults(defaults)), defaults);
});

test("a file that says something else is refused", () => {
  const wrong = [
    "",
    "{}",
    JSON.stringify({ ...IMAGE, mode: "auto" }),
    JSON.stringify({ ...IMAGE, pin: "1.0" }),
  ];
  for (const text of wrong) assert.throws(() => parseImageUpdateDefaults(text), ImageUpdateError, text);
});

test("the configuration counts over the image, key by key", () => {
  assert.deepEqual(toUpdatePolicy(IMAGE, undefined), IMAGE);
  assert.deepEqual(toUpdatePolicy(IMAGE, { mode: "download", pin: "1.2", spreadSeconds: 0 }), {
    ...IMAGE,
    mode: "download",
    pin: "1.2",
    spreadSeconds: 0,
  });
});

test("with a configuration that is refused the machine changes nothing by itself", () => {
  const refused = ['update.mode is "x": wanted one of …'];
  assert.deepEqual(toUpdatePolicy(IMAGE, { refused }), { ...IMAGE, mode: "manual", refused });
});
