import type { Fingerprint } from "#trust/fingerprint.ts";

export interface Notice {
  /** Name and version of the system. */
  readonly system: string;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly fingerprint: Fingerprint;
}

const RULE = "-".repeat(78);
const DEFAULT_PORT = 7443;

/** What the consoles say of a machine in maintenance mode. Plain characters: a console may show no others. */
export function renderMaintenanceNotice(notice: Notice & { readonly isRefused: boolean }): string {
  const { system, addresses, port, fingerprint, isRefused } = notice;
  const [host = "ADDRESS"] = addresses;
  return toText([
    RULE,
    ` ${system} waits for its configuration (maintenance mode).`,
    ...(isRefused ? [" The one that it has is refused; socle maintenance show tells why."] : []),
    "",
    `   address      ${addresses.join(", ") || "none yet"}`,
    `   port         ${port}`,
    `   fingerprint  ${fingerprint}`,
    "",
    " From where you administer it:",
    "",
    `   socle config apply FILE --insecure --host ${host}${port === DEFAULT_PORT ? "" : ` --port ${port}`} \\`,
    `     --fingerprint ${fingerprint}`,
    RULE,
  ]);
}

/** The same of a machine that knows its callers, for whoever adds it to their contexts. */
export function renderReadyNotice({ system, addresses, port, fingerprint }: Notice): string {
  return toText([
    `${system}: agent on port ${port} of ${addresses.join(", ") || "no address yet"}`,
    `  fingerprint ${fingerprint}`,
  ]);
}

function toText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
