import type { ImageFile } from "./imageFiles.ts";
import { CLOSED_SANDBOX } from "./sandbox.ts";

const UNITS = "/usr/lib/systemd/system";

/** What sees to it that the firmware tries the boot loader often enough. docs/decisions/0008-second-try-by-the-firmware.md. */
export function bootOptionsFiles(): ImageFile[] {
  const name = "socle-boot-options.service";
  return [
    { kind: "file", path: `${UNITS}/${name}`, content: UNIT, mode: 0o644, owner: "root:root" },
    { kind: "symlink", path: `${UNITS}/multi-user.target.wants/${name}`, target: `../${name}` },
  ];
}

/**
 * Behind the agent, which is waited for. It may write variables of the firmware, as whoever is root may, and nothing else;
 * of the capabilities it needs none.
 */
const UNIT = `[Unit]
Description=Boot options of the firmware
ConditionPathExists=/sys/firmware/efi/efivars
After=socle-agent.service

[Service]
Type=exec
ExecStart=/usr/lib/socle/node --jitless --optimize-for-size /usr/lib/socle/boot-options.mjs
CapabilityBoundingSet=
${CLOSED_SANDBOX}ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
`;
