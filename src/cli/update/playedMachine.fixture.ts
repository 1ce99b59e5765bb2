/** A machine whose agent is played by a test: the real contract over mutual TLS, with answers that are only data. */
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { ProgressEvent } from "#progress/events.ts";
import { ErrorDetailSchema } from "#protocol/gen/socle/v1/machine_pb.ts";
import {
  type GetUpdateStateResponseSchema,
  type PlanUpdateResponseSchema,
  UpdateEventSchema,
  UpdateService,
  type ApplyUpdateRequest,
  type ExplainUpdateResponseSchema,
  type PlanUpdateRequest,
  type SetHoldRequest,
  type SetHoldResponseSchema,
} from "#protocol/gen/socle/v1/update_pb.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";

import type { OutputFormat } from "../commandContext.ts";
import type { FollowContext } from "./followToResult.ts";
import type { NamedMachine } from "./updateMachine.ts";

export type StateInit = MessageInitShape<typeof GetUpdateStateResponseSchema>;
export type EventInit = Omit<MessageInitShape<typeof UpdateEventSchema>, "$typeName">;
type Events = (signal: AbortSignal) => AsyncIterable<EventInit>;

const access = await createDevelopmentAccess({ name: "edge-01", now: new Date(), days: 1 });

/** What a machine does when it is asked, and what it was asked. */
export class PlayedMachine implements AsyncDisposable {
  state: StateInit;
  plan: MessageInitShape<typeof PlanUpdateResponseSchema> = {};
  why: MessageInitShape<typeof ExplainUpdateResponseSchema> = {};
  hold: MessageInitShape<typeof SetHoldResponseSchema> = {};
  isCancelled = false;
  events: Events = async function* (this: void) {};
  watched: Events = async function* (this: void) {};
  readonly asked: {
    apply: ApplyUpdateRequest[];
    plan: PlanUpdateRequest[];
    hold: SetHoldRequest[];
    rollback: boolean[];
  } = { apply: [], plan: [], hold: [], rollback: [] };
  #statesAsked = 0;
  #server: Http2SecureServer | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();

  constructor(state: StateInit) {
    this.state = state;
  }

  static async start(state: StateInit): Promise<PlayedMachine> {
    const machine = new PlayedMachine(state);
    await machine.comeBack();
    return machine;
  }

  get access(): NamedMachine {
    const { cert, key } = access.client;
    return {
      name: "edge-01",
      host: "127.0.0.1",
      port: this.#port,
      caPem: access.ca,
      certPem: cert,
      keyPem: key,
    };
  }

  /** Until the state was asked for so many times from now on; each question means that the answer before has come. */
  async whenAskedForState(times: number): Promise<void> {
    const goal = this.#statesAsked + times;
    while (this.#statesAsked < goal) await sleep(2);
  }

  /** As a restart does: every connection ends, and none is taken. */
  async goAway(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server?.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async comeBack(): Promise<void> {
    const { cert, key } = access.server;
    const server = createSecureServer(
      { cert, key, ca: access.ca, requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" },
      connectNodeAdapter({ routes: (router) => router.service(UpdateService, this.#implementation()) }),
    );
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {}); // it is cut on purpose
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("sessionError", () => {});
    const port = this.#port;
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port; // it listens on TCP
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway();
  }

  #implementation() {
    const play = async function* (events: Events, { signal }: HandlerContext) {
      for await (const event of events(signal)) yield { event: create(UpdateEventSchema, event) };
    };
    return {
      getUpdateState: () => {
        this.#statesAsked++;
        return this.state;
      },
      planUpdate: (request: PlanUpdateRequest) => {
        this.asked.plan.push(request);
        return this.plan;
      },
      explainUpdate: () => this.why,
      applyUpdate: (request: ApplyUpdateRequest, context: HandlerContext) => {
        this.asked.apply.push(request);
        return play(this.events, context);
      },
      rollback: ({ reboot }: { reboot: boolean }, context: HandlerContext) => {
        this.asked.rollback.push(reboot);
        return play(this.events, context);
      },
      watchUpdates: (_request: unknown, context: HandlerContext) => play(this.watched, context),
      cancelUpdate: () => ({ cancelled: this.isCancelled }),
      setHold: (request: SetHoldRequest) => {
        this.asked.hold.push(request);
        return this.hold;
      },
    };
  }
}

/** As the updater refuses a call. */
export function toRefusedCall(code: string, message: string, hint: string): ConnectError {
  return new ConnectError(message, Code.FailedPrecondition, undefined, [
    { desc: ErrorDetailSchema, value: { code, hint } },
  ]);
}

const STARTED_MS = Date.UTC(2026, 10, 22, 12, 0, 0);

/** Events of one operation, numbered, a second apart. */
export function toOperation(id: string, events: readonly EventInit["event"][]): EventInit[] {
  return events.map((event, index) => ({
    sequence: BigInt(index + 1),
    at: timestampFromMs(STARTED_MS + index * 1_000),
    operationId: id,
    ...(event && { event }),
  }));
}

/** The surroundings of a command, which remember what it says. */
export function createMemoryContext({ output = "table" }: { output?: OutputFormat } = {}) {
  const said = { stdout: "", stderr: "" };
  const reported: ProgressEvent[] = [];
  const controller = new AbortController();
  const context: FollowContext = {
    stdout: (text) => (said.stdout += text),
    stderr: (text) => (said.stderr += text),
    report: (event) => reported.push(event),
    signal: controller.signal,
    output,
    isQuiet: false,
    isTerminal: false,
    patience: { intervalMs: 10, standstillMs: 2_000 },
  };
  return {
    context,
    said,
    reported,
    interrupt: () => controller.abort(),
    /** `write-slot done 4.0 MB at …`: the lasting lines, without times. */
    lines: () =>
      reported.flatMap((event) => {
        switch (event.kind) {
          case "step-done":
            return [`${event.step}: ${event.detail ?? ""}`.replaceAll(/ at [\d.]+ [kMG]?B\/s/g, "")];
          case "step-failed":
            return [`${event.step} FAILED: ${event.message}`];
          case "note":
            return [event.message];
          default:
            return [];
        }
      }),
  };
}
