/**
 * The program on the device behind one debug session: `node debug.mjs UNIT`. systemd starts it for each connection of the agent to
 * its socket, and hands that over as the first descriptor (sd_listen_fds(3)). Only in images whose definition allows sessions.
 */
import { randomBytes } from "node:crypto";
import { Socket } from "node:net";

import { createDebugHost } from "#system/debug/createDebugHost.ts";

import { createLog } from "../log.ts";
import { openFrameChannel } from "./frames.ts";
import { serveSession } from "./serveSession.ts";

const FIRST_DESCRIPTOR = 3;

const log = createLog((line) => process.stdout.write(`${line}\n`), Date.now);
const channel = openFrameChannel(new Socket({ fd: FIRST_DESCRIPTOR, readable: true, writable: true }));
try {
  await serveSession(channel, {
    host: createDebugHost(),
    clock: () => new Date(),
    chance: () => randomBytes(2).toString("hex"),
    log,
    owner: process.argv[2] ?? "",
  });
} catch (error) {
  log("error", "there was no debug session, or it broke off", { error });
} finally {
  channel.close();
}
