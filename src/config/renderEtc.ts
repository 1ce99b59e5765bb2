import type { InterfaceConfiguration, MachineConfiguration } from "./machineConfiguration.ts";
import type { MachineId } from "./machineId.ts";

/** A file that lies over the image's /etc. */
export interface EtcFile {
  /** Below /etc: `systemd/network/50-socle-00.network`. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

export interface EtcFacts {
  /** Undefined where the machine has none, and the image's empty file stays. */
  readonly machineId?: MachineId | undefined;
}

/**
 * The files of one machine's /etc. Nothing here is quoted: every text is of a branded type whose rule
 * leaves out line breaks, spaces, quotes, `%` and whatever else means something in these files.
 */
export function renderEtc(
  { hostname, interfaces }: MachineConfiguration,
  { machineId }: EtcFacts = {},
): EtcFile[] {
  return [
    ...(machineId === undefined ? [] : [toFile("machine-id", `${machineId}\n`, 0o444)]),
    ...(hostname === undefined ? [] : [toFile("hostname", `${hostname}\n`)]),
    ...interfaces.map((configuration, index) =>
      toFile(
        // Before the image's own 89-socle-dhcp.network: networkd takes the first that matches.
        `systemd/network/50-socle-${String(index).padStart(2, "0")}.network`,
        encodeNetworkFile(configuration),
      ),
    ),
  ];
}

function toFile(path: string, content: string, mode = 0o644): EtcFile {
  return { path, content, mode };
}

/** systemd.network(5). Without a type, a pattern such as `*` would take the loopback interface too. */
function encodeNetworkFile({ match, dhcp, addresses, gateway, dns }: InterfaceConfiguration): string {
  return [
    "[Match]",
    ...assign("Name", match.name),
    ...assign("MACAddress", match.macAddress),
    "Type=!loopback",
    "",
    "[Network]",
    `DHCP=${dhcp ? "yes" : "no"}`,
    ...assign("Address", ...addresses),
    ...assign("Gateway", gateway),
    ...assign("DNS", ...dns),
    "",
  ].join("\n");
}

function assign(key: string, ...values: readonly (string | undefined)[]): string[] {
  return values.flatMap((value) => (value === undefined ? [] : [`${key}=${value}`]));
}
