import { ETC_MOUNTS } from "#boot/levelMounts.ts";
import type { Definition } from "#definition/definition.ts";

import type { ImageFile } from "./imageFiles.ts";

const UNITS = "/usr/lib/systemd/system";
/** Goes before those of systemd's packages, and is verified with the rest of /usr. systemd.generator(7). */
const GENERATORS = "/usr/local/lib/systemd/system-generators";

/**
 * Takes away every way to a shell that systemd and Debian bring. Not at `classic`, which is what everyone has today.
 * docs/hardening.md says what each line closes, and what stays open.
 */
export function loginFiles({ policies }: Pick<Definition, "policies">): ImageFile[] {
  if (policies.usr === "writable") return [];
  return [
    ...LOGIN_UNITS.map((unit) => nothing(`${UNITS}/${unit}`)),
    ...GENERATORS_OFF.map((name) => nothing(`${GENERATORS}/${name}`)),
    text(`${GENERATORS}/systemd-fstab-generator`, FSTAB_GENERATOR, 0o755),
    ...LAST_RESORTS.map(([unit, reason]) => text(`${UNITS}/${unit}`, encodeLastResort(reason))),
    ...UNITS_WITHOUT_CREDENTIALS.map((unit) =>
      text(`${UNITS}/${unit}.d/socle-credentials.conf`, WITHOUT_CREDENTIALS),
    ),
    text("/usr/lib/systemd/system.conf.d/socle-console.conf", MANAGER),
    text("/usr/lib/systemd/logind.conf.d/socle-console.conf", LOGIND),
    // Behind linux-sysctl-defaults, which allows some of them. sysctl.d(5)
    text(
      "/usr/lib/sysctl.d/60-socle-console.conf",
      "# No keys to the kernel at the console.\nkernel.sysrq = 0\n",
    ),
    ...(ETC_MOUNTS[policies.etc] === "initrd-overlay"
      ? [text(`${UNITS}/systemd-sysusers.service.d/socle-always.conf`, SYSUSERS_ALWAYS)]
      : []),
  ];
}

function text(path: string, content: string, mode = 0o644): ImageFile {
  return { kind: "file", path, content, mode, owner: "root:root" };
}

/** What systemd takes for a unit, or generator, that must not be used. */
function nothing(path: string): ImageFile {
  return { kind: "symlink", path, target: "/dev/null" };
}

/** In the place of the units themselves, so that not even a changed /etc of level `semi` is in the way. */
const LOGIN_UNITS = [
  "autovt@.service",
  "console-getty.service",
  "container-getty@.service",
  "debug-shell.service",
  "getty@.service",
  "getty-static.service",
  "serial-getty@.service",
  // Asks for what an administrator wants, root's password among it.
  "systemd-firstboot.service",
  // Rules and settings of udev, which starts programs, from credentials.
  "systemd-udev-load-credentials.service",
  // Offers the disks to the network, for whoever can choose the target.
  "systemd-storagetm.service",
  // Whoever is at the keyboard restarts nothing.
  "ctrl-alt-del.target",
];

const GENERATORS_OFF = [
  // systemd.debug_shell, systemd.wants= and systemd.mask= of the command line; units out of credentials.
  "systemd-debug-generator",
  // systemd.run= of the command line.
  "systemd-run-generator",
  // A getty for each console that the kernel has, and for those of a credential.
  "systemd-getty-generator",
  // A server for SSH on AF_VSOCK and AF_UNIX where an image has sshd, with keys out of a credential.
  "systemd-ssh-generator",
  // /etc/rc.local.
  "systemd-rc-local-generator",
];

/** /etc/fstab yes, the credential `fstab.extra` no: it could lay a file system of the host over anything. */
const FSTAB_GENERATOR = `#!/bin/sh
unset CREDENTIALS_DIRECTORY ENCRYPTED_CREDENTIALS_DIRECTORY
exec /usr/lib/systemd/system-generators/systemd-fstab-generator "$@"
`;

/** Units of systemd that take root's password, shell and keys, files, users, sysctls, networks or receivers of logs from credentials. */
const UNITS_WITHOUT_CREDENTIALS = [
  "systemd-journald.service",
  "systemd-network-generator.service",
  "systemd-networkd.service",
  "systemd-resolved.service",
  "systemd-sysctl.service",
  "systemd-sysusers.service",
  "systemd-tmpfiles-clean.service",
  "systemd-tmpfiles-setup.service",
  "systemd-tmpfiles-setup-dev.service",
  "systemd-tmpfiles-setup-dev-early.service",
];

const WITHOUT_CREDENTIALS = `# What makes this machine differ comes with its machine configuration, and only with that.
[Service]
ImportCredential=
LoadCredential=
LoadCredentialEncrypted=
`;

const LAST_RESORTS = [
  ["emergency.service", "This machine cannot start its basic services"],
  ["rescue.service", "This machine was told to start its basic services only"],
] as const;

/** For somebody to read what is on the console. */
const SECONDS_TO_READ = 60;

/**
 * In the place of a shell. The targets require these units, so that they cannot be masked. A boot on trial is restarted by
 * socle-health-failed.service, which writes the report; any other by this one, and four such starts bring the version before
 * (docs/boot.md). Not a oneshot: while its job ran, a restart would be refused, since the jobs of emergency.target give way to none.
 */
function encodeLastResort(reason: string): string {
  return `[Unit]
Description=Restart a machine that has not come up
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target
FailureAction=reboot-force

[Service]
Type=exec
# Not by the journal, which may not be there.
StandardOutput=tty
ExecStartPre=echo "${reason}, and it offers no shell: it restarts in ${SECONDS_TO_READ} seconds."
ExecStart=sh -c "sleep ${SECONDS_TO_READ}; exec systemctl --no-block --no-wall reboot"
`;
}

const MANAGER = `# The console shows, and takes nothing. systemd-system.conf(5)
[Manager]
CrashShell=no
CrashAction=reboot
CtrlAltDelBurstAction=none
`;

const LOGIND = `# No getty on any virtual terminal. logind.conf(5)
[Login]
NAutoVTs=0
ReserveVT=0
`;

/** There /etc/passwd may be one of long ago, kept in /var, that lacks a user of this version. */
const SYSUSERS_ALWAYS = `[Unit]
ConditionNeedsUpdate=
`;
