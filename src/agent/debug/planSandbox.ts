/**
 * What a session may, properties of its unit. systemd.exec(5), docs/break-glass.md. It looks: at every file, by one capability,
 * at the list of processes, at the network. It is nobody: signals no process, writes no file but its own in memory, and makes no
 * Unix socket, so that it reaches neither systemd nor the updater nor the journal. Not here: PrivatePIDs=, which would hide
 * what there is to look at.
 */
const SANDBOX: readonly string[] = [
  // For the session alone: a number that owns nothing. Brings a /tmp in memory, and all below / read-only.
  "DynamicUser=yes",
  "User=socle-debug",
  "ProtectSystem=strict",
  "ProtectHome=read-only",
  "CapabilityBoundingSet=CAP_DAC_READ_SEARCH",
  "AmbientCapabilities=CAP_DAC_READ_SEARCH",
  "NoNewPrivileges=yes",
  "RestrictSUIDSGID=yes",
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK",
  "SystemCallFilter=@system-service",
  // io_uring makes sockets that the line before would not see.
  "SystemCallFilter=~@aio @keyring",
  "SystemCallErrorNumber=EPERM",
  "SystemCallArchitectures=native",
  "PrivateDevices=yes",
  "PrivateIPC=yes",
  "ProtectKernelTunables=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelLogs=yes",
  "ProtectControlGroups=yes",
  "ProtectClock=yes",
  "ProtectHostname=yes",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "LockPersonality=yes",
  "MemoryDenyWriteExecute=yes",
  "KeyringMode=private",
  "NoExecPaths=/tmp /var/tmp /dev/shm",
  // The machine's own keys and what it was handed in confidence: looking at a machine is not becoming it.
  "InaccessiblePaths=-/var/lib/socle/agent -/var/lib/socle/config -/run/credentials -/run/systemd/credentials",
  "InaccessiblePaths=-/var/lib/systemd/credential.secret -/sys/firmware/dmi/entries -/sys/firmware/qemu_fw_cfg",
  "UMask=0077",
  "MemoryMax=256M",
  "TasksMax=128",
  "CPUWeight=20",
  "IOWeight=20",
  "KillMode=control-group",
  "TimeoutStopSec=3",
];

/** Where the session's own time keeping fails, systemd ends it so much later. */
const GRACE_SECONDS = 10;

/** What the image brings for it: sets the search path for the tools, then runs the command, or a shell. */
export const SHELL_PROGRAM = "/usr/lib/socle/debug-shell";

export interface SandboxPlan {
  /** The unit that the command runs in. */
  readonly unit: string;
  /** Runs it, and ends with its exit code. */
  readonly words: readonly string[];
}

/** @param owner the unit that serves the session, with which everything ends: `socle-debug@0-1-0.service` */
export function planSandbox(session: {
  readonly id: string;
  readonly seconds: number;
  readonly hasTerminal: boolean;
  readonly command: readonly string[];
  readonly owner: string;
}): SandboxPlan {
  const { id, seconds, hasTerminal, command, owner } = session;
  const unit = `socle-debug-shell-${id}.service`;
  const properties = [
    ...SANDBOX,
    `RuntimeMaxSec=${seconds + GRACE_SECONDS}`,
    `BindsTo=${owner}`,
    `After=${owner}`,
  ];
  return {
    unit,
    words: [
      "systemd-run",
      "--quiet",
      "--collect",
      "--wait",
      hasTerminal ? "--pty" : "--pipe",
      "--expand-environment=no",
      "--service-type=exec",
      "--working-directory=/",
      `--description=Debug session ${id}`,
      `--unit=${unit}`,
      ...properties.map((property) => `--property=${property}`),
      "--",
      SHELL_PROGRAM,
      ...command,
    ],
  };
}
