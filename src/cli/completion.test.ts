import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { startObservedAgent } from "#agent/observe/observedAgent.fixture.ts";

import { completeWords } from "./completion.ts";
import { createProgram } from "./program.ts";

/** What is offered behind these words, without descriptions, for a person with two contexts of one machine. */
async function offer(
  words: readonly string[],
  port: number,
  pem: Record<"caPem" | "certPem" | "keyPem", string>,
) {
  await using home = await mkdtempDisposable(join(tmpdir(), "socle-completion-"));
  const before = { XDG_CONFIG_HOME: process.env["XDG_CONFIG_HOME"], SOCLE_HOME: process.env["SOCLE_HOME"] };
  Object.assign(process.env, { XDG_CONFIG_HOME: home.path, SOCLE_HOME: join(home.path, "work") });
  try {
    await mkdir(join(home.path, "socle"));
    const place = { host: "127.0.0.1", port, ...pem };
    const contexts = { "edge-01": place, "edge-02": place };
    const file = { apiVersion: "socle/v1", kind: "Contexts", current: "edge-01", contexts };
    await writeFile(join(home.path, "socle/contexts.json"), JSON.stringify(file), { mode: 0o600 });
    await writeFile(join(home.path, "first.json"), "{}");
    const text = await completeWords(
      createProgram(async () => {}),
      words,
      home.path,
    );
    return text
      .split("\n")
      .filter((line) => !/^(:\d+)?$/.test(line))
      .map((line) => line.split("\t")[0]);
  } finally {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
}

test("machines are completed wherever one is meant, units where one is, and files for a configuration", async () => {
  await using agent = await startObservedAgent();
  const { port, caPem, certPem, keyPem } = agent.access;
  const complete = (...words: string[]) => offer(words, port, { caPem, certPem, keyPem });
  const machines = ["edge-01", "edge-02"];
  assert.deepEqual(await complete("status", ""), machines);
  assert.deepEqual(await complete("update", "status", "ed"), machines);
  assert.deepEqual(await complete("config", "history", ""), machines);
  assert.deepEqual(await complete("config", "diff", "--context", ""), machines);
  assert.deepEqual(await complete("status", "-n", ""), machines);
  assert.deepEqual(await complete("status", "-n", "edge-01,"), ["edge-01,edge-02"]);
  assert.deepEqual(await complete("logs", "edge-01", "-u", ""), ["backup.service", "ssh.service"]);
  assert.deepEqual(await complete("services", "ssh"), ["ssh.service"]);
  assert.deepEqual(await complete("config", "apply", "fi"), ["first.json"]);
  assert.deepEqual(await complete("certificates", ""), machines);
  assert.deepEqual(await complete("events", "--only", "u"), ["update", "unit"]);
  assert.deepEqual(await complete("events", "--only", "unit,c"), ["unit,configuration", "unit,control"]);
});

test("a machine that does not answer has no units to offer, and that is no error", async () => {
  const agent = await startObservedAgent();
  const { port, caPem, certPem, keyPem } = agent.access;
  await agent[Symbol.asyncDispose]();
  assert.deepEqual(await offer(["logs", "-u", ""], port, { caPem, certPem, keyPem }), []);
});
