/**
 * What no process of Socle needs, lines of [Service]. systemd.exec(5), docs/hardening.md. Not here: ProtectKernelTunables=,
 * which would shut the firmware's variables, and ProtectHostname=, in whose namespace the name of the machine never changes.
 * Node runs with --jitless, so that it makes no memory executable.
 */
export const CLOSED_SANDBOX = `NoNewPrivileges=yes
UMask=0077
ProtectSystem=strict
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
`;
