import type { IpAddress } from "./ipAddress.ts";
import type { IpNetwork } from "./ipNetwork.ts";
import type { UpdateConfiguration } from "./updateConfiguration.ts";

/**
 * What makes one machine different from others of its image. Its texts are branded: only
 * parseMachineConfiguration makes them, so what is rendered has been checked.
 */
export interface MachineConfiguration {
  readonly hostname?: HostName;
  /** The first entry that matches an interface counts; one that no entry matches is left to the image. */
  readonly interfaces: readonly InterfaceConfiguration[];
  readonly update?: UpdateConfiguration;
}

export interface InterfaceConfiguration {
  readonly match: InterfaceMatch;
  readonly dhcp: boolean;
  readonly addresses: readonly IpNetwork[];
  /** Within the network of one of the addresses. */
  readonly gateway?: IpAddress;
  readonly dns: readonly IpAddress[];
}

/** At least one of them; with both, an interface must have both. */
export interface InterfaceMatch {
  readonly name?: InterfaceGlob;
  readonly macAddress?: MacAddress;
}

export type HostName = string & { readonly __brand: "HostName" };
/** A shell-style glob over interface names, such as `en*`. */
export type InterfaceGlob = string & { readonly __brand: "InterfaceGlob" };
/** Six pairs of lower-case hexadecimal digits, separated by `:`. */
export type MacAddress = string & { readonly __brand: "MacAddress" };
