import { AgentError } from "./agentError.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export const DEFAULT_LISTEN_ADDRESS = "0.0.0.0:7443";

/** `HOST:PORT`; an IPv6 address stands in brackets; port 0 lets the kernel choose. */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535) {
    throw new AgentError(
      "listen-address",
      `Cannot listen on "${text}": wanted HOST:PORT, with a port from 0 to 65535`,
      {
        hint: `SOCLE_LISTEN is "${DEFAULT_LISTEN_ADDRESS}" when it is not set; for IPv6 write "[::]:7443".`,
      },
    );
  }
  return { host, port };
}
