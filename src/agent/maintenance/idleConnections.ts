import type { Socket } from "node:net";

import type { AgentRequest, AgentResponse } from "../caller.ts";
import { toRemoteEnd } from "../openListener.ts";

/**
 * Drops connections on which no call is being answered, however much comes over them: who keeps one open needs no right
 * here, and there are few.
 */
export class IdleConnections {
  readonly #idleMs: number;
  /** How many calls each has under way, by its other end. */
  readonly #calls = new Map<string, number>();

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  watchConnection(socket: Socket): void {
    const end = toRemoteEnd(socket);
    const looking = setInterval(() => {
      if (!this.#calls.has(end)) socket.destroy();
    }, this.#idleMs);
    socket.once("close", () => clearInterval(looking));
  }

  /** A call counts from the moment that all of it has come. */
  watchRequest(socket: Socket | undefined, request: AgentRequest, response: AgentResponse): void {
    if (socket === undefined) return;
    const end = toRemoteEnd(socket);
    request.once("end", () => {
      if (response.closed) return;
      this.#add(end, 1);
      response.once("close", () => this.#add(end, -1));
    });
  }

  #add(end: string, calls: number): void {
    const now = (this.#calls.get(end) ?? 0) + calls;
    if (now === 0) this.#calls.delete(end);
    else this.#calls.set(end, now);
  }
}
