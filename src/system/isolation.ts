import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";

import { SocleError } from "#progress/socleError.ts";

import { runCommand } from "./runCommand.ts";

/**
 * How commands that need root privileges over their own files get them: from root itself, or from
 * a user namespace with a range of subordinate ids.
 */
export type Isolation = "root" | "user-namespace";

export class HostError extends SocleError<"host-not-debian" | "no-privileges" | "tool-missing"> {
  override readonly name = "HostError";
}

/** The words before a command that dies with us: however this process ends, the kernel ends the command. */
export const DIE_WITH_PARENT: readonly string[] = ["setpriv", "--pdeathsig", "KILL", "--"];
const NAMESPACES = [
  "--mount",
  "--propagation",
  "private",
  "--pid",
  "--fork",
  "--kill-child=KILL",
  "--mount-proc",
];

/** The words before a command that give it a mount and process namespace of its own. */
export function namespacePrefix(isolation: Isolation): string[] {
  switch (isolation) {
    case "root":
      return [...DIE_WITH_PARENT, "unshare", ...NAMESPACES, "--"];
    case "user-namespace":
      return [...DIE_WITH_PARENT, "unshare", "--user", "--map-root-user", "--map-auto", ...NAMESPACES, "--"];
  }
}

let found: Promise<Isolation> | undefined;

/** Finds which isolation this host allows; asked once per process. */
export async function findIsolation(): Promise<Isolation> {
  return (found ??= probe());
}

async function probe(): Promise<Isolation> {
  requireDebianFamily();
  if (process.geteuid?.() === 0) {
    await tryIsolation("root");
    return "root";
  }
  await tryIsolation("user-namespace");
  return "user-namespace";
}

async function tryIsolation(isolation: Isolation): Promise<void> {
  try {
    await runCommand([...namespacePrefix(isolation), "mount", "-t", "tmpfs", "none", "/mnt"]);
  } catch (cause) {
    const user = userInfo().username;
    throw new HostError(
      "no-privileges",
      `Cannot get the privileges to build: ${isolation} does not work here`,
      {
        cause,
        hint:
          isolation === "root"
            ? "Mounting is refused even to root: in a container, start it with the capability SYS_ADMIN."
            : `Run as root, or allow user namespaces to "${user}":\n  apt install uidmap\n  a line for it in /etc/subuid and /etc/subgid (65536 ids)\n  sysctl kernel.unprivileged_userns_clone=1 (and, on Ubuntu, kernel.apparmor_restrict_unprivileged_userns=0)`,
      },
    );
  }
}

/** Debian and its derivatives only: the tools come from apt and dpkg. */
export function requireDebianFamily(osRelease = "/etc/os-release"): void {
  const text = existsSync(osRelease) ? readFileSync(osRelease, "utf8") : "";
  const ids = [...text.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap((match) =>
    (match[1] ?? "").split(" "),
  );
  if (ids.includes("debian") || ids.includes("ubuntu")) return;
  throw new HostError(
    "host-not-debian",
    `Cannot build on "${ids[0] ?? "this system"}": Socle needs apt and dpkg of Debian or Ubuntu`,
    {
      hint: "Use a Debian 12 or 13 machine, container or virtual machine.",
    },
  );
}
