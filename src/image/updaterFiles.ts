import type { Definition } from "#definition/definition.ts";

import { AGENT_USER } from "./agentFiles.ts";
import type { ImageFile } from "./imageFiles.ts";
import { CLOSED_SANDBOX } from "./sandbox.ts";

const UNITS = "/usr/lib/systemd/system";

/** What updates the machine: a program of its own, started by its socket and its timer. Only where there are slots. */
export function updaterFiles({ policies }: Pick<Definition, "policies">): ImageFile[] {
  const files = [
    text(`${UNITS}/socle-updater.service`, UPDATER_UNIT),
    text(`${UNITS}/socle-updater.socket`, SOCKET_UNIT),
    symlink(`${UNITS}/sockets.target.wants/socle-updater.socket`, "../socle-updater.socket"),
  ];
  // Without slots there is nothing that it could do by itself; but it answers, and says so.
  return policies.usr === "verified"
    ? [
        ...files,
        text(`${UNITS}/socle-updater.timer`, TIMER_UNIT),
        symlink(`${UNITS}/timers.target.wants/socle-updater.timer`, "../socle-updater.timer"),
      ]
    : files;
}

function text(path: string, content: string): ImageFile {
  return { kind: "file", path, content, mode: 0o644, owner: "root:root" };
}

function symlink(path: string, target: string): ImageFile {
  return { kind: "symlink", path, target };
}

/** The agent alone can call, and root: it knows who calls it. */
const SOCKET_UNIT = `[Unit]
Description=Calls to the Socle updater

[Socket]
ListenStream=/run/socle/updater.sock
SocketUser=${AGENT_USER}
SocketMode=0600

[Install]
WantedBy=sockets.target
`;

/**
 * Not ordered after boot-complete.target: it has to answer while the boot is on trial. Killed, it is started again and goes
 * on with what it was asked for, which is kept in its runtime directory.
 *
 * It writes the disk, the ESP, its records and a variable of the firmware, and asks for the root's verity and for a restart;
 * all else is shut. Not ProtectKernelTunables=, which would make the firmware's variables read-only.
 */
const UPDATER_UNIT = `[Unit]
Description=Socle updater
RequiresMountsFor=/var/lib/socle
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/lib/socle/node --jitless --optimize-for-size /usr/lib/socle/updater.mjs
ImportCredential=socle.config
Restart=on-failure
RestartSec=1
TimeoutStopSec=20
RuntimeDirectory=socle-updater
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=restart
StateDirectory=socle
CPUWeight=50
IOWeight=50

${CLOSED_SANDBOX}ReadWritePaths=-/boot
ProtectHome=yes
PrivateTmp=yes
DevicePolicy=closed
DeviceAllow=block-* rw
DeviceAllow=/dev/mapper/control rw
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_RAWIO CAP_LINUX_IMMUTABLE CAP_DAC_OVERRIDE CAP_FOWNER
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallFilter=~@clock @cpu-emulation @debug @module @obsolete @raw-io @swap
LimitCORE=0
TasksMax=512
`;

/** After every boot, to put in order what it has shown; and then again and again, for what the policy wants. */
const TIMER_UNIT = `[Unit]
Description=Look for updates

[Timer]
OnBootSec=90s
OnUnitInactiveSec=15min
RandomizedDelaySec=10s
AccuracySec=1s

[Install]
WantedBy=timers.target
`;
