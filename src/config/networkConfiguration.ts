import type { IpAddress } from "./ipAddress.ts";
import type { IpNetwork } from "./ipNetwork.ts";

export interface NetworkConfiguration {
  /** The first entry that matches an interface counts; one that no entry matches is left to the image. */
  readonly interfaces: readonly InterfaceConfiguration[];
  readonly vlans: readonly VlanConfiguration[];
  readonly bonds: readonly BondConfiguration[];
  /** Of the whole machine, beside those of its links. */
  readonly dns: readonly IpAddress[];
  readonly domains: readonly DomainName[];
  readonly proxy: ProxyConfiguration;
}

/** What a link has of addresses and ways, whatever kind of link it is. */
export interface LinkConfiguration {
  readonly dhcp: boolean;
  readonly addresses: readonly IpNetwork[];
  /** Within the network of one of the addresses. */
  readonly gateway?: IpAddress;
  readonly dns: readonly IpAddress[];
  /** Search domains. */
  readonly domains: readonly DomainName[];
  readonly mtu?: number;
  readonly routes: readonly RouteConfiguration[];
}

export interface RouteConfiguration {
  readonly to: RouteTarget;
  /** Undefined: the target is on the link itself. */
  readonly via?: IpAddress;
  readonly metric?: number;
}

export interface InterfaceConfiguration extends LinkConfiguration {
  readonly match: InterfaceMatch;
}

/** At least one of them; with both, an interface must have both. */
export interface InterfaceMatch {
  readonly name?: InterfaceGlob;
  readonly macAddress?: MacAddress;
}

export interface VlanConfiguration extends LinkConfiguration {
  readonly name: LinkName;
  /** IEEE 802.1Q: 1 to 4094. */
  readonly id: number;
  /** Name of a bond or a VLAN; or name or MAC address of an entry of `interfaces`. */
  readonly on: LinkReference;
}

export interface BondConfiguration extends LinkConfiguration {
  readonly name: LinkName;
  readonly members: readonly LinkReference[];
  readonly mode: BondMode;
  readonly lacpRate?: LacpRate;
  readonly hashPolicy?: HashPolicy;
}

/** Each is `http:` or `https:`; a password in one is a secret. */
export interface ProxyConfiguration {
  readonly http?: ProxyUrl;
  readonly https?: ProxyUrl;
  readonly noProxy?: readonly NoProxyEntry[];
}

export const BOND_MODES = [
  "active-backup",
  "802.3ad",
  "balance-rr",
  "balance-xor",
  "broadcast",
  "balance-tlb",
  "balance-alb",
] as const;
export type BondMode = (typeof BOND_MODES)[number];

export const LACP_RATES = ["slow", "fast"] as const;
export type LacpRate = (typeof LACP_RATES)[number];

export const HASH_POLICIES = ["layer2", "layer2+3", "layer3+4"] as const;
export type HashPolicy = (typeof HASH_POLICIES)[number];

/** A shell-style glob over interface names, such as `en*`. */
export type InterfaceGlob = string & { readonly __brand: "InterfaceGlob" };
/** The name of one link, as the kernel takes it: at most 15 characters. */
export type LinkName = string & { readonly __brand: "LinkName" };
/** Six pairs of lower-case hexadecimal digits, separated by `:`. */
export type MacAddress = string & { readonly __brand: "MacAddress" };
export type LinkReference = LinkName | MacAddress;
/** A network with no host bits set; unlike an IpNetwork it may be everything: `0.0.0.0/0`. */
export type RouteTarget = string & { readonly __brand: "RouteTarget" };
export type DomainName = string & { readonly __brand: "DomainName" };
export type ProxyUrl = string & { readonly __brand: "ProxyUrl" };
/** A host, a domain with a leading dot, an address or a network. */
export type NoProxyEntry = string & { readonly __brand: "NoProxyEntry" };
