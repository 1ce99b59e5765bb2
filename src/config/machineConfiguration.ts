import type { AccessConfiguration, CertificatePem } from "./accessConfiguration.ts";
import type { NetworkConfiguration } from "./networkConfiguration.ts";
import type { FolderConfiguration, MountConfiguration } from "./storageConfiguration.ts";
import type { UpdateConfiguration } from "./updateConfiguration.ts";

/**
 * What makes one machine different from others of its image. Its texts are branded: only
 * parseMachineConfiguration makes them, so what is rendered has been checked.
 */
export interface MachineConfiguration {
  readonly hostname?: HostName;
  readonly network: NetworkConfiguration;
  readonly time: TimeConfiguration;
  /** Authorities that programs of the machine trust, beside those of the image. */
  readonly authorities: readonly CertificatePem[];
  /** Undefined: who may call is for the image, or a credential, to say. */
  readonly access?: AccessConfiguration;
  readonly update?: UpdateConfiguration;
  readonly sysctls: readonly Sysctl[];
  readonly mounts: readonly MountConfiguration[];
  readonly folders: readonly FolderConfiguration[];
  readonly logs: LogConfiguration;
}

export interface TimeConfiguration {
  /** Names or addresses; empty: the image's, or DHCP's. */
  readonly servers: readonly ServerName[];
  readonly zone?: TimeZone;
}

export interface Sysctl {
  readonly name: SysctlName;
  readonly value: SysctlValue;
}

export interface LogConfiguration {
  /** Where systemd-journal-upload sends the journal. */
  readonly uploadUrl?: UploadUrl;
}

export type HostName = string & { readonly __brand: "HostName" };
/** A host name or an IP address. */
export type ServerName = string & { readonly __brand: "ServerName" };
/** IANA name that Intl knows. */
export type TimeZone = string & { readonly __brand: "TimeZone" };
/** With dots between its parts, and `/` for a dot inside of one: sysctl.d(5). */
export type SysctlName = string & { readonly __brand: "SysctlName" };
/** One line without blanks at its ends. */
export type SysctlValue = string & { readonly __brand: "SysctlValue" };
/** `https:`, without user and password. */
export type UploadUrl = string & { readonly __brand: "UploadUrl" };

/** Of a machine without a document, or with one that is refused. */
export const NO_CONFIGURATION: MachineConfiguration = {
  network: { interfaces: [], vlans: [], bonds: [], dns: [], domains: [], proxy: {} },
  time: { servers: [] },
  authorities: [],
  sysctls: [],
  mounts: [],
  folders: [],
  logs: {},
};
