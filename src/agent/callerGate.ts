import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";

import { judgeCaller, type CallerTrust, type CallerVerdict } from "#trust/callerTrust.ts";

import { toCaller, type Caller } from "./caller.ts";

export type Admission =
  | { readonly verdict: "trusted"; readonly caller: Caller }
  | { readonly verdict: Exclude<CallerVerdict, "trusted"> | "gone"; readonly caller: Caller | undefined };

interface Peer {
  readonly certificate: X509Certificate;
  readonly caller: Caller;
  /** Verified against this; another one means that it must be judged anew. */
  trust: CallerTrust | undefined;
}

/**
 * Decides at every request whether its caller is still let in: TLS looks at the beginning of a connection only, and a
 * certificate may end, or be revoked, while the connection stays.
 */
export class CallerGate {
  trust: CallerTrust;
  readonly #clock: () => Date;
  readonly #peers = new WeakMap<TLSSocket, Peer>();

  constructor(trust: CallerTrust, clock: () => Date) {
    this.trust = trust;
    this.#clock = clock;
  }

  admit(socket: TLSSocket | undefined): Admission {
    const peer = socket && this.#findPeer(socket);
    if (peer === undefined) return { verdict: "gone", caller: undefined };
    const { caller, certificate } = peer;
    const now = this.#clock();
    // A signature once verified stays so; only the time goes on.
    const isJudged = peer.trust === this.trust && now <= certificate.validToDate;
    const verdict = isJudged ? "trusted" : judgeCaller(this.trust, certificate, now);
    peer.trust = verdict === "trusted" ? this.trust : undefined;
    return { verdict, caller };
  }

  #findPeer(socket: TLSSocket): Peer | undefined {
    const known = this.#peers.get(socket);
    if (known !== undefined) return known;
    const certificate = socket.destroyed ? undefined : socket.getPeerX509Certificate();
    if (certificate === undefined) return undefined;
    const peer: Peer = { certificate, caller: toCaller(certificate), trust: undefined };
    this.#peers.set(socket, peer);
    return peer;
  }
}
