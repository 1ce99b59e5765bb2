import { assign, section, toText, type EtcFile } from "./etcFile.ts";
import type { MachineConfiguration, Sysctl, TimeConfiguration, UploadUrl } from "./machineConfiguration.ts";
import type { MachineId } from "./machineId.ts";
import type { ProxyConfiguration } from "./networkConfiguration.ts";
import { renderNetwork } from "./renderNetwork.ts";
import { renderStorage } from "./renderStorage.ts";

export interface EtcFacts {
  /** Undefined where the machine has none, and the image's empty file stays. */
  readonly machineId?: MachineId | undefined;
}

/**
 * The files of one machine's /etc. Next to nothing here is quoted: every text is of a branded type whose rule
 * leaves out line breaks, spaces, quotes and whatever else means something in these files.
 */
export function renderEtc(configuration: MachineConfiguration, { machineId }: EtcFacts = {}): EtcFile[] {
  const { hostname, network, time, authorities, sysctls, mounts, folders, logs } = configuration;
  return [
    ...(machineId === undefined ? [] : [toText("machine-id", `${machineId}\n`, 0o444)]),
    ...(hostname === undefined ? [] : [toText("hostname", `${hostname}\n`)]),
    ...renderNetwork(network),
    ...renderProxy(network.proxy),
    ...renderTime(time),
    ...renderAuthorities(authorities),
    ...renderSysctls(sysctls),
    ...renderStorage(mounts, folders),
    ...(logs.uploadUrl === undefined
      ? []
      : [toText("systemd/journal-upload.conf.d/50-socle.conf", encodeJournalUpload(logs.uploadUrl))]),
  ];
}

/** For every service: systemd-system.conf(5). In both spellings, as programs read either. Root's only: a password may be in it. */
function renderProxy({ http, https, noProxy }: ProxyConfiguration): EtcFile[] {
  const variables = [
    ...assign("http_proxy", http),
    ...assign("https_proxy", https),
    ...assign("no_proxy", noProxy?.join(",")),
  ];
  const both = variables.flatMap((variable) => {
    const [name = "", ...value] = variable.split("=");
    return [variable, `${name.toUpperCase()}=${value.join("=")}`];
  });
  if (both.length === 0) return [];
  const words = both.map((variable) => `"${variable.replaceAll("%", "%%")}"`);
  return [
    toText(
      "systemd/system.conf.d/50-socle.conf",
      section("Manager", `DefaultEnvironment=${words.join(" ")}`).join("\n"),
      0o600,
    ),
  ];
}

/** timesyncd.conf(5), localtime(5). */
function renderTime({ servers, zone }: TimeConfiguration): EtcFile[] {
  return [
    ...(servers.length === 0
      ? []
      : [
          toText(
            "systemd/timesyncd.conf.d/50-socle.conf",
            section("Time", `NTP=${servers.join(" ")}`).join("\n"),
          ),
        ]),
    ...(zone === undefined ? [] : [{ path: "localtime", target: `/usr/share/zoneinfo/${zone}` }]),
  ];
}

/** As Debian's update-ca-certificates does: one file, the image's certificates first. */
function renderAuthorities(authorities: readonly string[]): EtcFile[] {
  return authorities.length === 0
    ? []
    : [{ ...toText("ssl/certs/ca-certificates.crt", authorities.join("")), afterImage: true }];
}

/** sysctl.d(5); sorted behind what packages bring. */
function renderSysctls(sysctls: readonly Sysctl[]): EtcFile[] {
  const lines = sysctls.map(({ name, value }) => `${name} = ${value}\n`);
  return lines.length === 0 ? [] : [toText("sysctl.d/90-socle.conf", lines.join(""))];
}

/** journal-upload.conf(5). Whom it sends to is checked; the machine shows no certificate of its own. */
function encodeJournalUpload(url: UploadUrl): string {
  return section(
    "Upload",
    `URL=${url}`,
    "ServerKeyFile=-",
    "ServerCertificateFile=-",
    "TrustedCertificateFile=/etc/ssl/certs/ca-certificates.crt",
  ).join("\n");
}
