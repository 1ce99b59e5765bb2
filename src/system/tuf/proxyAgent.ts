import { Agent, type AgentOptions } from "node:http";
import { Agent as TlsAgent } from "node:https";

import { listsAddress } from "#config/noProxy.ts";

/** Variables that name a proxy, in small letters or capitals, as curl(1) and systemd's services know them. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Connections for one request: to a proxy where the environment has one for this address, a tunnel through it for
 * `https:` (RFC 9110, 9.3.6). Node reads the variables; networks in `no_proxy` it does not know.
 */
export function createProxyAgent(url: URL, environment: ProxyEnvironment, timeoutMs: number): Agent {
  const noProxy = environment["no_proxy"] ?? environment["NO_PROXY"] ?? "";
  const options: AgentOptions = {
    keepAlive: false,
    // Only this one ends the wait for a tunnel.
    timeout: timeoutMs,
    ...(listsAddress(noProxy, url.hostname) ? {} : { proxyEnv: environment }),
  };
  return url.protocol === "https:" ? new TlsAgent(options) : new Agent(options);
}
