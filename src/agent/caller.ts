import type { X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { TLSSocket } from "node:tls";
import { createContextKey } from "@connectrpc/connect";
import { toSerialNumber } from "#trust/serialNumber.ts";

/** Who calls, as the client authority certified it. */
export interface Caller {
  /** Common name of the client certificate. */
  readonly name: string;
  /** Organisation of the client certificate. */
  readonly role: string;
  /** Of the client certificate, in hex: the same name may have had others. */
  readonly serial: string;
  /** Its address, where that is all that is known of it. */
  readonly from?: string;
}

export type AgentRequest = IncomingMessage | Http2ServerRequest;
export type AgentResponse = ServerResponse | Http2ServerResponse;

export const NOBODY: Caller = { name: "", role: "", serial: "" };

export const callerKey = createContextKey<Caller>(NOBODY, { description: "who calls" });

/** The connection that a request came over; undefined when it is gone already. */
export function toSocket(request: AgentRequest): TLSSocket | undefined {
  // The agent has no other listener than TLS, and that one ends a handshake without a client certificate.
  return ("stream" in request ? request.stream.session?.socket : request.socket) as TLSSocket | undefined;
}

export function toCaller(certificate: X509Certificate): Caller {
  const { subject } = certificate.toLegacyObject();
  return {
    name: firstOf(subject.CN),
    role: firstOf(subject.O),
    serial: toSerialNumber(certificate.serialNumber),
  };
}

/** A subject can name an attribute more than once; then Node gives a list. */
function firstOf(attribute: string | string[] | undefined): string {
  return (Array.isArray(attribute) ? attribute[0] : attribute) ?? "";
}
