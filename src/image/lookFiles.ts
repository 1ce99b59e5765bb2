import { LOOKS } from "#system/privilegedLook.ts";

import { AGENT_USER } from "./agentFiles.ts";
import type { ImageFile } from "./imageFiles.ts";
import { CLOSED_SANDBOX } from "./sandbox.ts";

const UNITS = "/usr/lib/systemd/system";

interface Look {
  readonly name: string;
  readonly description: string;
  readonly socket: string;
  readonly program: string;
  /** Lines of [Service]. */
  readonly rights: readonly string[];
}

/** Programs that take no input and have one right too many for the agent. src/system/privilegedLook.ts. */
const LOOK_UNITS: readonly Look[] = [
  {
    name: "socle-verity-status",
    description: "What the kernel says of the verified root",
    socket: LOOKS.verityStatus,
    program: "veritysetup status root",
    rights: [
      // Each question to the device mapper takes it.
      "CapabilityBoundingSet=CAP_SYS_ADMIN",
      "DevicePolicy=closed",
      "DeviceAllow=/dev/mapper/control rw",
      "DeviceAllow=block-* r",
    ],
  },
  {
    name: "socle-socket-holders",
    description: "Which process holds which socket",
    socket: LOOKS.socketHolders,
    // A process may end while it is looked at.
    program: `-sh -c "exec find /proc/[0-9]*/fd -lname 'socket:*' -printf '%%p %%l\\n'"`,
    rights: [
      // To see what processes of others have open.
      "CapabilityBoundingSet=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH",
      "PrivateDevices=yes",
      "StandardError=null",
    ],
  },
];

export function lookFiles(): ImageFile[] {
  return LOOK_UNITS.flatMap((look) => [
    text(`${UNITS}/${look.name}.socket`, encodeSocket(look)),
    text(`${UNITS}/${look.name}@.service`, encodeService(look)),
    symlink(`${UNITS}/sockets.target.wants/${look.name}.socket`, `../${look.name}.socket`),
  ]);
}

function text(path: string, content: string): ImageFile {
  return { kind: "file", path, content, mode: 0o644, owner: "root:root" };
}

function symlink(path: string, target: string): ImageFile {
  return { kind: "symlink", path, target };
}

function encodeSocket({ description, socket }: Look): string {
  return `[Unit]
Description=${description}

[Socket]
ListenStream=${socket}
SocketUser=${AGENT_USER}
SocketMode=0600
Accept=yes
MaxConnections=16
# Asked for every few seconds while somebody watches.
TriggerLimitIntervalSec=0

[Install]
WantedBy=sockets.target
`;
}

/** Of each start the manager would write lines into the journal. */
function encodeService({ description, program, rights }: Look): string {
  return `[Unit]
Description=${description}
CollectMode=inactive-or-failed

[Service]
ExecStart=${program}
StandardInput=null
StandardOutput=socket
LogLevelMax=warning
RuntimeMaxSec=10
MemoryMax=64M
TasksMax=8
${rights.join("\n")}
${CLOSED_SANDBOX}PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
IPAddressDeny=any
ProtectHome=yes
PrivateTmp=yes
`;
}
