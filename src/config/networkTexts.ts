import type { TextRule } from "#definition/textRules.ts";

import { parseIpAddress } from "./ipAddress.ts";
import { parseIpNetwork } from "./ipNetwork.ts";

const HOST_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const HOST = `${HOST_LABEL}(?:\\.${HOST_LABEL})*`;
const HOST_PATTERN = new RegExp(`^(?=.{1,253}$)${HOST}$`);

/** What the texts of the section `network` must look like. */
export const NETWORK_TEXT_RULES = {
  /** systemd drops a pattern that is a number or one of two names which the kernel keeps for itself. */
  interfacePattern: {
    wanted: 'the name of an interface or a pattern for it, such as "enp1s0", "en*" or "eth[01]"',
    pattern: /^(?!(?:\d+|all|default|\.\.?)$)(?=.{1,64}$)(?:[A-Za-z0-9_.@*?-]|\[[!^]?[A-Za-z0-9_.-]+\])+$/,
    hint: (text) => (/[\s,]/.test(text.trim()) ? "write an interface entry for each pattern" : undefined),
  },
  /** The kernel takes 15 bytes, and neither "." nor ".."; it keeps two names for itself, and "lo" is there. */
  linkName: {
    wanted:
      'a name for the link of at most 15 letters, digits, "_", "." and "-", such as "bond0" or "lan.20"',
    pattern: /^(?!(?:\d+|all|default|lo|\.\.?)$)[A-Za-z0-9_.-]{1,15}$/,
  },
  macAddress: {
    wanted: 'a MAC address, such as "52:54:00:12:34:56"',
    pattern: /^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/,
    hint: (text) =>
      /^[0-9a-fA-F]{2}(?:-[0-9a-fA-F]{2}){5}$/.test(text)
        ? `did you mean "${text.replaceAll("-", ":")}"?`
        : undefined,
  },
  domain: {
    wanted: 'a domain, such as "example.org"',
    pattern: HOST_PATTERN,
    hint: (text) => (text.endsWith(".") ? "without the dot at the end" : undefined),
  },
  /** It is rendered into a line with quotes and specifiers, so both are left out. */
  proxy: {
    wanted: 'the http: or https: address of a proxy, such as "http://proxy.example.org:3128"',
    pattern: /^https?:\/\/[A-Za-z0-9._~:/@%[\]!()*+,;=-]+$/,
    refuse: refuseProxy,
  },
  noProxy: {
    wanted: 'a host, a domain, an address or a network, such as "localhost", ".example.org" or "10.0.0.0/8"',
    pattern: /^[A-Za-z0-9.:/-]+$/,
    refuse: (text) =>
      HOST_PATTERN.test(text.replace(/^\./, "")) ||
      parseIpAddress(text) !== undefined ||
      parseIpNetwork(text) !== undefined
        ? undefined
        : {},
  },
  server: {
    wanted: 'a host name or an IP address, such as "time.example.org" or "192.0.2.123"',
    pattern: /^[A-Za-z0-9.:-]+$/,
    refuse: (text) => (isServer(text) ? undefined : {}),
    hint: (text) => (/[\s,]/.test(text.trim()) ? "write each server as an item of its own" : undefined),
  },
} as const satisfies Record<string, TextRule>;

/** Four numbers with dots between are an address or nothing: resolvers would not ask for such a name. */
function isServer(text: string): boolean {
  return parseIpAddress(text) !== undefined || (HOST_PATTERN.test(text) && !/^[\d.]+$/.test(text));
}

function refuseProxy(text: string) {
  if (!URL.canParse(text)) return {};
  const { pathname, hostname } = new URL(text);
  if (hostname === "") return {};
  return pathname === "/" ? undefined : { hint: "without a path" };
}
