import { ETC_MOUNTS } from "#boot/levelMounts.ts";
import type { Definition } from "#definition/definition.ts";

import type { ImageFile } from "./imageFiles.ts";

const UNITS = "/usr/lib/systemd/system";
/** As agent/findDocument.ts reads it. */
const IMAGE_DOCUMENT_PATH = "/usr/share/socle/config.json";

/** What puts the machine configuration in force, and the one that every machine of the image starts with. docs/configuration.md */
export function configurationFiles({
  policies,
  configuration,
}: Pick<Definition, "policies" | "configuration">): ImageFile[] {
  const rendersEtc = ETC_MOUNTS[policies.etc] === "rendered-overlay";
  const unit = `${UNITS}/socle-configuration.service`;
  return [
    // Root's only: a password of a proxy may be in it.
    ...(configuration === undefined ? [] : [text(IMAGE_DOCUMENT_PATH, configuration, 0o600)]),
    text("/usr/lib/udev/rules.d/90-socle-drive.rules", toDriveRule(rendersEtc)),
    ...(rendersEtc
      ? [
          text(unit, RENDERING_UNIT),
          symlink(
            `${UNITS}/sysinit.target.wants/socle-configuration.service`,
            "../socle-configuration.service",
          ),
          text(`${UNITS}/socle-drive.service`, DRIVE_UNIT),
        ]
      : [text(unit, RECORDING_UNIT)]),
  ];
}

function text(path: string, content: string, mode = 0o644): ImageFile {
  return { kind: "file", path, content, mode, owner: "root:root" };
}

function symlink(path: string, target: string): ImageFile {
  return { kind: "symlink", path, target };
}

/** Reloaded by the updater for another document. Its limits are for that, too. */
const RENDERING_UNIT = `[Unit]
Description=Render /etc from the machine configuration
DefaultDependencies=no
Conflicts=shutdown.target
RequiresMountsFor=/var
Wants=network-pre.target
Before=network-pre.target systemd-resolved.service systemd-timesyncd.service multi-user.target shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/socle/node --jitless /usr/lib/socle/configure.mjs
ExecReload=/usr/lib/socle/node --jitless /usr/lib/socle/configure.mjs --again
ImportCredential=socle.*
TimeoutStartSec=300
`;

/**
 * Where nothing is rendered only access and update count, and whoever needs them reads the document: a boot has nothing to
 * wait for. Started by a configuration drive that shows up, to keep its document; and by the updater for another one.
 */
const RECORDING_UNIT = `[Unit]
Description=Say which machine configuration counts
RequiresMountsFor=/var
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/usr/lib/socle/node --jitless /usr/lib/socle/configure.mjs
ImportCredential=socle.*
TimeoutStartSec=300
`;

/**
 * A drive that the kernel had not found yet when /etc was rendered. When the updater starts it sees to it that the machine
 * follows what counts, which is the drive only where there is nothing else.
 */
const DRIVE_UNIT = `[Unit]
Description=Keep the document of a configuration drive
After=socle-configuration.service
ConditionPathExists=!/run/socle/drive-config

[Service]
Type=oneshot
ExecStart=/usr/lib/socle/node --jitless /usr/lib/socle/configure.mjs --drive
ExecStart=systemctl --no-block start socle-updater.service
TimeoutStartSec=300
`;

function toDriveRule(rendersEtc: boolean): string {
  const unit = rendersEtc ? "socle-drive.service" : "socle-configuration.service";
  return `# A configuration drive: its document is kept. udev(7), systemd.device(5)
ACTION=="add|change", SUBSYSTEM=="block", ENV{ID_FS_LABEL}=="SOCLE-CONFIG|SOCLE-CONF", TAG+="systemd", ENV{SYSTEMD_WANTS}+="${unit}"
`;
}
