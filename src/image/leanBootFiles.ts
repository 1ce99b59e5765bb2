import type { Definition } from "#definition/definition.ts";

import type { ImageFile } from "./imageFiles.ts";

const UNITS = "/usr/lib/systemd/system";

/**
 * Leaves out of every boot what a machine of images has no use for. Not at `classic`, which is what everyone has today.
 * A definition takes one back with a file of its own in the place of the link. docs/boot.md, "What is left out"
 */
export function leanBootFiles({ policies }: Pick<Definition, "policies">): ImageFile[] {
  if (policies.usr === "writable") return [];
  return [
    ...LEFT_OUT.map((unit): ImageFile => ({
      kind: "symlink",
      path: `${UNITS}/${unit}`,
      target: "/dev/null",
    })),
    {
      kind: "file",
      path: `${UNITS}/systemd-udev-trigger.service.d/socle-devices.conf`,
      content: DEVICES_ONLY,
      mode: 0o644,
      owner: "root:root",
    },
  ];
}

const LEFT_OUT = [
  // Windows into the kernel that nothing here looks through; what needs one of the modules has it loaded.
  "sys-fs-fuse-connections.mount",
  "sys-kernel-config.mount",
  "sys-kernel-debug.mount",
  "sys-kernel-tracing.mount",
  ...["configfs", "dm_mod", "drm", "fuse", "loop"].map((module) => `modprobe@${module}.service`),
  // Keep up a system of packages: there is none that changes.
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  // Look after LVM snapshots of ext4.
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  // Explanations beside log lines, for a reader on the machine.
  "systemd-journal-catalog-update.service",
  // Lets people log in, who do not.
  "systemd-user-sessions.service",
];

/** Two in five events that systemd asks for are of drivers, modules and buses, and one of those has a rule that counts. */
const DEVICES_ONLY = `# Devices, and the module whose rule has drives polled for other media. systemd-udev-trigger.service(8)
[Service]
ExecStart=
ExecStart=-udevadm trigger --type=devices --action=add --prioritized-subsystem=block,tpmrm,net,tty,input
ExecStart=-udevadm trigger --type=subsystems --action=add --subsystem-match=module --sysname-match=block
`;
