import { assign, section, toText, type EtcFile } from "./etcFile.ts";
import type { FolderConfiguration, MountConfiguration } from "./storageConfiguration.ts";
import { escapePath, toMountUnitName } from "./unitName.ts";

/** Makes the folders of the document, once what they lie on is mounted. */
export const FOLDERS_UNIT = "socle-folders.service";

const FOLDERS_FILE = "tmpfiles.d/50-socle.conf";

export function renderStorage(
  mounts: readonly MountConfiguration[],
  folders: readonly FolderConfiguration[],
): EtcFile[] {
  const units = [
    ...mounts.map(({ path }) => toMountUnitName(path)),
    ...(folders.length > 0 ? [FOLDERS_UNIT] : []),
  ];
  return [
    ...mounts.map((mount) => toText(`systemd/system/${toMountUnitName(mount.path)}`, encodeMount(mount))),
    ...(folders.length === 0
      ? []
      : [
          toText(FOLDERS_FILE, folders.map(encodeFolder).join("")),
          toText(`systemd/system/${FOLDERS_UNIT}`, encodeFoldersUnit(folders)),
        ]),
    ...(units.length === 0
      ? []
      : [toText("systemd/system/multi-user.target.d/50-socle.conf", encodeWants(units))]),
  ];
}

/** systemd.mount(5). A disk that is not there keeps nothing else from starting. */
function encodeMount({ path, source, fileSystem, readOnly }: MountConfiguration): string {
  const device = `/dev/disk/by-${source.by}/${source.by === "label" ? source.label : source.uuid}`;
  const check = `systemd-fsck@${escapePath(device)}.service`;
  return [
    ...section(
      "Unit",
      `Description=Data at ${path}`,
      // The default would have local-fs.target, and with it nearly everything, wait for a disk that is not there.
      "DefaultDependencies=no",
      "Conflicts=umount.target",
      "Before=umount.target multi-user.target",
      `Requires=${check}`,
      `After=${check}`,
    ),
    ...section(
      "Mount",
      `What=${device}`,
      `Where=${path}`,
      ...assign("Type", fileSystem),
      // Nothing there comes from the signed root, so nothing there is run.
      `Options=${readOnly ? "ro" : "rw"},nosuid,nodev,noexec`,
    ),
  ].join("\n");
}

/** tmpfiles.d(5). */
function encodeFolder({ path, owner, mode }: FolderConfiguration): string {
  const [user, group] = owner.split(":");
  return `d ${path} ${mode} ${user} ${group} - -\n`;
}

function encodeFoldersUnit(folders: readonly FolderConfiguration[]): string {
  return [
    ...section(
      "Unit",
      "Description=Folders of the machine configuration",
      "DefaultDependencies=no",
      "Conflicts=shutdown.target",
      "After=systemd-sysusers.service",
      "Before=multi-user.target shutdown.target",
      ...folders.map(({ path }) => `RequiresMountsFor=${path}`),
    ),
    ...section(
      "Service",
      "Type=oneshot",
      "RemainAfterExit=yes",
      `ExecStart=systemd-tmpfiles --create /etc/${FOLDERS_FILE}`,
    ),
  ].join("\n");
}

function encodeWants(units: readonly string[]): string {
  return section("Unit", ...assign("Wants", ...units), ...assign("After", ...units)).join("\n");
}
