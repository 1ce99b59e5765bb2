/** A machine whose configuration is played: the real contract over mutual TLS, with generations that are only data. */
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

import {
  ConfigurationService,
  type ApplyConfigurationRequest,
  type ApplyConfigurationResponseSchema,
  type ConfigurationProblemSchema,
  type PlanConfigurationResponseSchema,
} from "#protocol/gen/socle/v1/configuration_pb.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";

import { toRefusedCall } from "../update/playedMachine.fixture.ts";
import type { NamedMachine } from "../update/updateMachine.ts";

const access = await createDevelopmentAccess({ name: "edge-01", now: new Date(), days: 1 });

type Step = MessageInitShape<typeof ApplyConfigurationResponseSchema>;
type Problem = MessageInitShape<typeof ConfigurationProblemSchema>;

interface PlayedGeneration {
  readonly number: number;
  readonly document: string;
  readonly reason: string;
  state: string;
  because?: string;
  until?: Date;
}

export class PlayedConfiguration implements AsyncDisposable {
  readonly generations: PlayedGeneration[] = [];
  readonly requests: ApplyConfigurationRequest[] = [];
  /** What it has against the next document. */
  problems: Problem[] = [];
  /** Why the next document does not stay. */
  fault: string | undefined;
  /** What happens between the writing of a generation and its judgement. */
  onWritten: (generation: PlayedGeneration) => Promise<void> = async () => {};
  plan: MessageInitShape<typeof PlanConfigurationResponseSchema> = {};
  readonly #name: string;
  #server: Http2SecureServer | undefined;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  private constructor(name: string) {
    this.#name = name;
  }

  static async start(name = "edge-01"): Promise<PlayedConfiguration> {
    const machine = new PlayedConfiguration(name);
    await machine.comeBack();
    return machine;
  }

  get access(): NamedMachine {
    const { cert, key } = access.client;
    const place = { host: "127.0.0.1", port: this.#port, caPem: access.ca };
    return { name: this.#name, ...place, certPem: cert, keyPem: key };
  }

  async comeBack(): Promise<void> {
    const { cert, key } = access.server;
    const server = createSecureServer(
      { cert, key, ca: access.ca, requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" },
      connectNodeAdapter({
        routes: (router) => router.service(ConfigurationService, this.#toImplementation()),
      }),
    );
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {}); // it is cut on purpose
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("sessionError", () => {});
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port; // it listens on TCP
    this.#server = server;
  }

  /** As a change of the network does: every connection ends, and none is taken. */
  async goAway(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server?.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway();
  }

  /** In force already. */
  add(document: object, state = "current", more: Partial<PlayedGeneration> = {}): PlayedGeneration {
    for (const each of this.generations)
      if (each.state === "current" && state === "current") each.state = "previous";
    const number = this.generations.length + 1;
    const generation = { number, document: JSON.stringify(document), reason: "", state, ...more };
    this.generations.push(generation);
    return generation;
  }

  #toImplementation(): ServiceImpl<typeof ConfigurationService> {
    return {
      getConfiguration: () => {
        const inForce =
          this.generations.find(({ state }) => state === "trial") ??
          this.generations.find(({ state }) => state === "current");
        if (inForce === undefined) return { source: "none" };
        const { number, document, until } = inForce;
        const trial = until === undefined ? {} : { trialUntil: timestampFromDate(until) };
        return { source: "generation", generation: number, document, ...trial };
      },
      planConfiguration: () => (this.problems.length > 0 ? { problems: this.problems } : this.plan),
      applyConfiguration: (request) => this.#apply(request),
      confirmConfiguration: ({ generation }) => {
        const trial = this.generations.find(
          ({ number, state }) => number === generation && state === "trial",
        );
        if (trial === undefined)
          throw toRefusedCall("trial-unknown", "nothing waits", "its time may be over");
        this.#makeCurrent(trial);
        return {};
      },
      listGenerations: () => ({ generations: this.generations.toReversed().map(toMessage) }),
      getGeneration: ({ number }) => {
        const generation = this.generations.find((each) => each.number === number);
        if (generation === undefined)
          throw toRefusedCall("generation-unknown", `no generation ${number}`, "");
        return { generation: toMessage(generation), document: generation.document };
      },
    };
  }

  async *#apply(request: ApplyConfigurationRequest): AsyncGenerator<Step> {
    this.requests.push(request);
    const waiting = this.generations.find(({ state }) => state === "trial");
    if (waiting !== undefined) {
      this.#revert(waiting, "it was taken back");
      return void (yield { state: "reverted", says: "it was taken back", generation: waiting.number });
    }
    if (this.problems.length > 0)
      return void (yield { state: "refused", says: "it is not right", problems: this.problems });
    yield { state: "validated", says: "1 key and 1 file change" };
    const generation = this.add({ hostname: "new" }, "trial", { reason: request.reason });
    const { number } = generation;
    yield { state: "written", says: `it is generation ${number}`, generation: number };
    await this.onWritten(generation);
    yield { state: "applied", says: "the machine follows it", generation: number };
    if (this.fault !== undefined) {
      this.#revert(generation, this.fault);
      return void (yield { state: "reverted", says: this.fault, generation: number });
    }
    yield { state: "healthy", says: "the machine is healthy with it", generation: number };
    if (request.trialSeconds > 0) generation.until = new Date(Date.now() + request.trialSeconds * 1000);
    else this.#makeCurrent(generation);
    yield { state: "done", says: "done", generation: number };
  }

  #makeCurrent(generation: PlayedGeneration): void {
    for (const each of this.generations) if (each.state === "current") each.state = "previous";
    generation.state = "current";
    delete generation.until;
  }

  #revert(generation: PlayedGeneration, because: string): void {
    Object.assign(generation, { state: "reverted", because });
  }
}

function toMessage({ number, reason, state, because = "", document }: PlayedGeneration) {
  return {
    number,
    at: timestampFromMs(Date.now() - 3_600_000),
    who: "alice",
    reason,
    state,
    revertedBecause: because,
    healthyOn: state === "reverted" ? [] : ["1.0"],
    digest: Buffer.from(document).toString("hex").padEnd(64, "0").slice(0, 64),
  };
}
