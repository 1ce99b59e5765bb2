/** The agent in maintenance mode on loopback, and what becomes of it: all of the real thing but the machine below. */
import assert from "node:assert/strict";

import type { MaintenanceCalls } from "./routes.ts";
import {
  createCertificateAuthority,
  createOwnCertificate,
  issueClientCertificate,
} from "#trust/certificates.ts";

import { createAudit } from "../audit.ts";
import { toIdentity } from "../identity/machineIdentity.ts";
import { createLog } from "../log.ts";
import { readAccess, type FoundAccess } from "../readAccess.ts";
import { awaitAccess } from "./awaitAccess.ts";

const now = new Date();
export const authority = await createCertificateAuthority("fleet", { now, days: 1 });
export const admin = await issueClientCertificate(authority, { name: "alice", role: "admin", now, days: 1 });

const { cert, key } = await createOwnCertificate({ name: "edge-01", now, days: 1 });
export const identity = toIdentity(cert, key) ?? assert.fail("they belong together");

export function toDocument(keys: object = {}): string {
  return JSON.stringify({ apiVersion: "socle/v1", kind: "MachineConfiguration", ...keys });
}
/** Lets alice in. */
export const goodDocument = toDocument({ access: { authorities: [authority.cert] } });

interface LogLine {
  readonly message: string;
  readonly audit?: true;
  readonly call?: string;
  readonly reason?: string;
  readonly result?: string;
  readonly caller?: { readonly name: string; readonly from?: string };
  readonly request?: unknown;
}

export interface WaitingOptions {
  /** What the machine has, refused or without access. */
  readonly document?: string;
  /** The privileged process; by default it puts every document in force, as generation 1. */
  readonly apply?: MaintenanceCalls["apply"];
  readonly idleMs?: number;
}

/** Waits for its configuration at a port of loopback. */
export async function startWaiting({ document, apply, idleMs }: WaitingOptions = {}) {
  const log: LogLine[] = [];
  const write = createLog((line) => log.push(JSON.parse(line) as LogLine), Date.now);
  const audit = createAudit(write);
  const stopping = new AbortController();
  let inForce = document;
  let kept: string | undefined;
  let onChange = () => {};
  const readMachineAccess = (): Promise<FoundAccess> =>
    readAccess({
      findDocument: () =>
        Promise.resolve(
          inForce === undefined ? undefined : { source: "generation", content: { text: inForce } },
        ),
      readAuthority: () => Promise.resolve(undefined),
      readKept: () => Promise.resolve(kept),
      writeKept: (text) => {
        kept = text;
        return Promise.resolve();
      },
      log: write,
    });
  const listening = Promise.withResolvers<number>();
  const access = awaitAccess(await readMachineAccess(), {
    identity,
    listen: { host: "127.0.0.1", port: 0 },
    log: write,
    audit,
    monotonicUs: () => 0,
    system: { id: "minimal", version: "1.0.0", level: "sealed" },
    apply: async (given) => {
      const applied = await (apply?.(given) ?? { generation: 1 });
      if ("generation" in applied) inForce = given;
      return applied;
    },
    readAccess: readMachineAccess,
    watch: (callback) => {
      onChange = callback;
      return () => {};
    },
    onListening: ({ port }) => {
      listening.resolve(port);
      return () => {};
    },
    signal: stopping.signal,
    ...(idleMs === undefined ? {} : { idleMs }),
  });
  access.catch(listening.reject);
  const port = await listening.promise;
  return {
    machine: { host: "127.0.0.1", port, fingerprint: identity.fingerprint as string },
    log,
    audit,
    write,
    /** Resolves when maintenance mode is over. */
    access,
    readAccess: readMachineAccess,
    /** As if another way than the API had put a document in force. */
    place: (text: string) => {
      inForce = text;
      onChange();
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await access.catch(() => {});
    },
  };
}
