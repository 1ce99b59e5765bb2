import type { ImageFile } from "./imageFiles.ts";
import { CLOSED_SANDBOX } from "./sandbox.ts";

const UNITS = "/usr/lib/systemd/system";

/** What shows the agent's notice on the consoles, which it may not touch itself: src/agent/notice. */
export function noticeFiles(): ImageFile[] {
  return [
    text("/usr/lib/socle/show-notice", SHOW_NOTICE, 0o755),
    text(`${UNITS}/socle-notice.path`, PATH_UNIT),
    text(`${UNITS}/socle-notice.service`, SERVICE_UNIT),
    {
      kind: "symlink",
      path: `${UNITS}/paths.target.wants/socle-notice.path`,
      target: "../socle-notice.path",
    },
  ];
}

function text(path: string, content: string, mode = 0o644): ImageFile {
  return { kind: "file", path, content, mode, owner: "root:root" };
}

/** Whoever takes over the agent may write what they like: not much of it, and nothing that a terminal obeys. */
const SHOW_NOTICE = `#!/bin/sh
# Shows on every console of the machine what the agent has to say.
notice=$(head -c 4096 /run/socle-agent/notice | LC_ALL=C tr -cd '[:print:]\\n') || exit
for console in $(cat /sys/class/tty/console/active); do
  printf '\\n%s\\n\\n' "$notice" > "/dev/$console" || echo "not on $console"
done
`;

const PATH_UNIT = `[Unit]
Description=Notice of the Socle agent

[Path]
PathChanged=/run/socle-agent/notice

[Install]
WantedBy=paths.target
`;

/** A console may be a line that nobody reads from: not for long, and a machine is no worse for it. */
const SERVICE_UNIT = `[Unit]
Description=Show the notice of the Socle agent on the consoles
ConditionPathExists=/run/socle-agent/notice
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=-/usr/bin/timeout 60 /usr/lib/socle/show-notice
TimeoutStartSec=300
# The file is the agent's.
CapabilityBoundingSet=CAP_DAC_READ_SEARCH
${CLOSED_SANDBOX}PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
ProtectHome=yes
PrivateTmp=yes
`;
