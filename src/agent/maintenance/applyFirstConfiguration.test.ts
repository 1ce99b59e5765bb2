import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { connectNodeAdapter } from "@connectrpc/connect-node";

import {
  type ApplyConfigurationResponseSchema,
  ConfigurationService,
} from "#protocol/gen/socle/v1/configuration_pb.ts";

import { CALLER_HEADER } from "../passCalls.ts";
import { applyFirstConfiguration } from "./applyFirstConfiguration.ts";

type Step = MessageInitShape<typeof ApplyConfigurationResponseSchema>;

/** A privileged process that says these steps, whatever it is asked for. */
async function apply(steps: readonly Step[]) {
  const folder = await mkdtemp(join(tmpdir(), "socle-first-"));
  const socketPath = join(folder, "updater.sock");
  const asked: unknown[] = [];
  const handler = connectNodeAdapter({
    routes: (router) =>
      router.service(ConfigurationService, {
        // eslint-disable-next-line typescript/require-await -- a stream is a generator that may wait
        applyConfiguration: async function* ({ document, trialSeconds }, { requestHeader }) {
          asked.push([document, trialSeconds, requestHeader.get(CALLER_HEADER)]);
          yield* steps;
        },
      }),
  });
  const server = createServer(handler).listen(socketPath);
  await once(server, "listening");
  try {
    return { asked, result: await applyFirstConfiguration("{}", { socketPath }) };
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
}

test("the privileged process is asked in the name of maintenance mode, without a trial", async () => {
  const { asked, result } = await apply([
    { state: "validated" },
    { state: "applied", generation: 3 },
    { state: "done", generation: 3 },
  ]);
  assert.deepEqual(asked, [["{}", 0, "maintenance"]]);
  assert.deepEqual(result, { generation: 3 });
});

test("its problems are passed on", async () => {
  const { result } = await apply([{ problems: [{ path: "hostname" }] }]);
  assert.ok("problems" in result);
  assert.equal(result.problems[0]?.path, "hostname");
});

test("what is taken back, or ends before its end, is no configuration", async () => {
  const reverted = { state: "reverted", says: "unit x failed", generation: 3 };
  await assert.rejects(apply([{ state: "applied", generation: 3 }, reverted]), /taken back: unit x failed/);
  await assert.rejects(apply([{ state: "applied", generation: 3 }]), /before it was done/);
});

test("without a privileged process it is said that there is none, and no path", async () => {
  await assert.rejects(
    applyFirstConfiguration("{}", { socketPath: "/nonexistent/updater.sock" }),
    (error) => {
      assert.match(String(error), /the updater of the machine does not answer/);
      return true;
    },
  );
});
