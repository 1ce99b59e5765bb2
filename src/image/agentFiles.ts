import type { Definition } from "#definition/definition.ts";

import type { ImageFile } from "./imageFiles.ts";
import { CLOSED_SANDBOX } from "./sandbox.ts";

const UNITS = "/usr/lib/systemd/system";

/** Not root: whoever is root may have PID 1 start anything, whatever else was taken away. Locked, and without a shell. */
export const AGENT_USER = "socle-agent";
/** The same in every image, as files in /var are its own. Below what sysusers.d(5) gives away by itself. */
const AGENT_UID = 471;

/** What answers the network: the agent, which keeps the machine's own key and certificate. docs/access.md. */
export function agentFiles({ packages }: Pick<Definition, "packages">): ImageFile[] {
  return [
    text(`/usr/lib/sysusers.d/${AGENT_USER}.conf`, `u! ${AGENT_USER} ${AGENT_UID} "Socle agent"\n`),
    text(`${UNITS}/socle-agent.service`, encodeAgentUnit(packages.includes("tcpdump"))),
    symlink(`${UNITS}/multi-user.target.wants/socle-agent.service`, "../socle-agent.service"),
  ];
}

function text(path: string, content: string): ImageFile {
  return { kind: "file", path, content, mode: 0o644, owner: "root:root" };
}

function symlink(path: string, target: string): ImageFile {
  return { kind: "symlink", path, target };
}

/**
 * Its state is the machine's own key and certificate; at level `total` they last as long as the boot.
 *
 * It reads what there is (files, journal, processes), and changes nothing: that is the updater's, behind its socket. What it may
 * not even look at, others tell: lookFiles.ts. It sees /tmp, /home and the mounts as they are, since callers ask what is there.
 */
function encodeAgentUnit(capturesPackets: boolean): string {
  const capabilities = ["CAP_DAC_READ_SEARCH", ...(capturesPackets ? ["CAP_NET_RAW"] : [])].join(" ");
  const families = [
    "AF_UNIX",
    "AF_INET",
    "AF_INET6",
    "AF_NETLINK",
    ...(capturesPackets ? ["AF_PACKET"] : []),
  ];
  return `[Unit]
Description=Socle agent
# Nobody could have it started again.
StartLimitIntervalSec=0

[Service]
Type=exec
NotifyAccess=all
ExecStart=/usr/lib/socle/node --jitless --optimize-for-size /usr/lib/socle/agent.mjs
ImportCredential=socle.*
StateDirectory=socle/agent
StateDirectoryMode=0700
RuntimeDirectory=socle-agent
Restart=always
RestartSec=2
RestartSteps=5
RestartMaxDelaySec=30

User=${AGENT_USER}
CapabilityBoundingSet=${capabilities}
AmbientCapabilities=${capabilities}
${CLOSED_SANDBOX}ProtectHome=read-only
ProtectKernelTunables=yes
PrivateDevices=yes
RemoveIPC=yes
RestrictAddressFamilies=${families.join(" ")}
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
LimitNOFILE=4096
LimitCORE=0
TasksMax=512
MemoryMax=512M
# Where the memory of the machine is too little, others go before the one that can tell of it.
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
`;
}
