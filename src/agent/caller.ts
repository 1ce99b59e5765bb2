import type { Http2ServerRequest } from "node:http2";
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { createContextKey } from "@connectrpc/connect";

/** Who calls, as the client authority certified it. */
export interface Caller {
  /** Common name of the client certificate. */
  readonly name: string;
  /** Organisation of the client certificate. */
  readonly role: string;
}

const NOBODY: Caller = { name: "", role: "" };

export const callerKey = createContextKey<Caller>(NOBODY, { description: "who calls" });

export function readCaller(request: IncomingMessage | Http2ServerRequest): Caller {
  // The agent has no other listener than TLS, and that one ends a handshake without a client certificate.
  const socket = ("stream" in request ? request.stream.session?.socket : request.socket) as
    | TLSSocket
    | undefined;
  const subject = socket?.getPeerCertificate().subject;
  return subject === undefined ? NOBODY : { name: firstOf(subject.CN), role: firstOf(subject.O) };
}

/** A subject can name an attribute more than once; then Node gives a list. */
function firstOf(attribute: string | string[] | undefined): string {
  return (Array.isArray(attribute) ? attribute[0] : attribute) ?? "";
}
