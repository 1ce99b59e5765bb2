import { DEBUG_POLICY_PATH, encodeDebugPolicy } from "#definition/debugPolicy.ts";
import type { Definition } from "#definition/definition.ts";

import { AGENT_USER } from "./agentFiles.ts";
import type { ImageFile } from "./imageFiles.ts";
import { CLOSED_SANDBOX } from "./sandbox.ts";

const UNITS = "/usr/lib/systemd/system";

/** What debug sessions need, and nothing at all where the definition does not allow them. docs/break-glass.md. */
export function debugFiles({ debug }: Pick<Definition, "debug">): ImageFile[] {
  if (!debug.allowed) return [];
  return [
    text(DEBUG_POLICY_PATH, encodeDebugPolicy(debug)),
    text("/usr/lib/socle/debug-shell", SHELL, 0o755),
    text(`${UNITS}/socle-debug.socket`, SOCKET_UNIT),
    text(`${UNITS}/socle-debug@.service`, encodeSessionUnit(debug.longestSeconds)),
    text("/usr/lib/tmpfiles.d/socle-debug.conf", RECORDINGS),
    {
      kind: "symlink",
      path: `${UNITS}/sockets.target.wants/socle-debug.socket`,
      target: "../socle-debug.socket",
    },
  ];
}

/** Programs of /usr/lib/socle that are in no other image. */
export const DEBUG_PROGRAMS: readonly string[] = ["debug.mjs"];

/** As agent/debug/sessionRecord.ts names it. */
const RECORDINGS = `# Recordings of debug sessions go after this time. tmpfiles.d(5)
d /var/log/socle/debug 0700 root root 90d
`;

function text(path: string, content: string, mode = 0o644): ImageFile {
  return { kind: "file", path, content, mode, owner: "root:root" };
}

/** The agent lets in one caller at a time; the second place is for one whose predecessor is still ending. */
const SOCKET_UNIT = `[Unit]
Description=Debug sessions

[Socket]
ListenStream=/run/socle/debug.sock
SocketUser=${AGENT_USER}
SocketMode=0600
Accept=yes
MaxConnections=2

[Install]
WantedBy=sockets.target
`;

/**
 * Serves one session: writes the mark to the ESP and the recording to /var/log, and has PID 1 run the shell in a sandbox of its own,
 * whose properties src/agent/debug/planSandbox.ts lists. Root, since PID 1 takes orders from root alone; without one capability.
 */
function encodeSessionUnit(longestSeconds: number): string {
  return `[Unit]
Description=Debug session
RequiresMountsFor=/var/log
CollectMode=inactive-or-failed

[Service]
Type=exec
ExecStart=/usr/lib/socle/node --jitless --optimize-for-size /usr/lib/socle/debug.mjs %n
LogsDirectory=socle/debug
LogsDirectoryMode=0700
RuntimeMaxSec=${longestSeconds + SERVICE_GRACE_SECONDS}
TimeoutStopSec=10
MemoryMax=256M
TasksMax=64
CPUWeight=20
IOWeight=20

${CLOSED_SANDBOX}ReadWritePaths=-/boot
CapabilityBoundingSet=
ProtectHome=yes
ProtectKernelTunables=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
SystemCallFilter=@system-service
`;
}

/** After the session's own end and that of its shell; systemd would end both with this. */
const SERVICE_GRACE_SECONDS = 60;

/** In the sandbox: what the image has comes first, then busybox under the names of its tools, for those that it has not. */
const SHELL = `#!/bin/sh
# Runs a command of a debug session, or its shell.
if command -v busybox > /dev/null; then
  mkdir -p /tmp/.tools && busybox --install -s /tmp/.tools && PATH=$PATH:/tmp/.tools
fi
export PATH HOME=/tmp PS1='debug \\w\\$ '
[ $# -gt 0 ] || if command -v bash > /dev/null; then set -- bash --noprofile --norc; else set -- sh; fi
exec "$@"
`;
