/** A machine that can be told to go: the real contract over mutual TLS, with answers that are only data. */
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import type { ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

import {
  ControlService,
  type PowerOffRequest,
  type RebootRequest,
  type ResetRequest,
} from "#protocol/gen/socle/v1/control_pb.ts";
import { MachineService } from "#protocol/gen/socle/v1/machine_pb.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";
import { toFingerprint } from "#trust/fingerprint.ts";

import type { NamedMachine } from "../update/updateMachine.ts";

const before = await createDevelopmentAccess({ name: "edge-01", now: new Date(), days: 1 });
const anew = await createDevelopmentAccess({ name: "edge-01", now: new Date(), days: 1 });

export class PlayedControl implements AsyncDisposable {
  bootId = "boot-1";
  version = "1.0";
  /** What it says to every call that changes it; undefined: it does it. */
  refusal: ConnectError | undefined;
  readonly asked: {
    reboot: RebootRequest[];
    powerOff: PowerOffRequest[];
    reset: ResetRequest[];
    units: string[];
  } = { reboot: [], powerOff: [], reset: [], units: [] };
  #statesAsked = 0;
  #server: Http2SecureServer | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<PlayedControl> {
    const machine = new PlayedControl();
    await machine.comeBack();
    return machine;
  }

  /** Known by its fingerprint, as a machine is that made its own key. */
  get access(): NamedMachine {
    const { cert, key } = before.client;
    const fingerprint = toFingerprint(
      Buffer.from(before.server.cert.replaceAll(/-----[^-]+-----|\s/g, ""), "base64"),
    );
    return { name: "edge", host: "127.0.0.1", port: this.#port, certPem: cert, keyPem: key, fingerprint };
  }

  async whenAskedForStatus(times: number): Promise<void> {
    const goal = this.#statesAsked + times;
    while (this.#statesAsked < goal) await sleep(2);
  }

  async whenTold(what: keyof PlayedControl["asked"]): Promise<void> {
    while (this.asked[what].length === 0) await sleep(2);
  }

  /** As a restart does: every connection ends, and none is taken. */
  async goAway(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server?.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** `asNew`: with a key that nobody knows, as after a reset. */
  async comeBack({ asNew = false } = {}): Promise<void> {
    const { cert, key } = (asNew ? anew : before).server;
    const server = createSecureServer(
      { cert, key, ca: before.ca, requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" },
      connectNodeAdapter({
        routes: (router) => {
          router.service(MachineService, {
            getStatus: () => {
              this.#statesAsked++;
              return {
                machine: { hostname: "edge-01", bootId: this.bootId },
                image: { version: this.version },
              };
            },
          });
          router.service(ControlService, {
            reboot: (request) => this.#take(() => void this.asked.reboot.push(request), {}),
            powerOff: (request) => this.#take(() => void this.asked.powerOff.push(request), {}),
            reset: (request) => this.#take(() => void this.asked.reset.push(request), {}),
            restartUnit: ({ name }) =>
              this.#take(() => void this.asked.units.push(name), { active: "active" }),
          });
        },
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway();
  }

  #take<Answer>(note: () => void, answer: Answer): Answer {
    if (this.refusal !== undefined) throw this.refusal;
    note();
    return answer;
  }
}
