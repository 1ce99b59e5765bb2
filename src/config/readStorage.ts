import { TEXT_RULES } from "#definition/textRules.ts";

import {
  inside,
  listOf,
  oneOf,
  readBoolean,
  readFields,
  readText,
  refuse,
  type FieldReaders,
  type Place,
} from "./documentReader.ts";
import {
  FILE_SYSTEMS,
  type FileSystem,
  type FolderConfiguration,
  type FolderMode,
  type FolderOwner,
  type MountConfiguration,
  type StatePath,
  type VolumeLabel,
  type VolumeUuid,
} from "./storageConfiguration.ts";
import { STORAGE_TEXT_RULES } from "./storageTexts.ts";

interface MountDocument {
  readonly path: StatePath;
  readonly label?: VolumeLabel;
  readonly uuid?: VolumeUuid;
  readonly fileSystem?: FileSystem;
  readonly readOnly?: boolean;
}

interface FolderDocument {
  readonly path: StatePath;
  readonly owner?: FolderOwner;
  readonly mode?: FolderMode;
}

const MOUNT_FIELDS: FieldReaders<MountDocument> = {
  path: readText<StatePath>(STORAGE_TEXT_RULES.path),
  label: readText<VolumeLabel>(STORAGE_TEXT_RULES.label),
  uuid: readText<VolumeUuid>(STORAGE_TEXT_RULES.uuid),
  fileSystem: oneOf<FileSystem>(FILE_SYSTEMS),
  readOnly: readBoolean,
};

const FOLDER_FIELDS: FieldReaders<FolderDocument> = {
  path: readText<StatePath>(STORAGE_TEXT_RULES.path),
  owner: readText<FolderOwner>(TEXT_RULES.owner),
  mode: readText<FolderMode>(STORAGE_TEXT_RULES.mode),
};

export const readMounts = listOf("file systems to mount", 100, readMount);
export const readFolders = listOf("folders", 500, readFolder);

function readMount(place: Place): MountConfiguration | undefined {
  const before = place.problems.length;
  const { path, label, uuid, fileSystem, readOnly = false } = readFields(place, MOUNT_FIELDS, ["path"]) ?? {};
  if (path === undefined || place.problems.length > before) return undefined;
  const source =
    label !== undefined && uuid === undefined
      ? { by: "label" as const, label }
      : uuid !== undefined && label === undefined
        ? { by: "uuid" as const, uuid }
        : undefined;
  if (source === undefined) return refuse(place, "a mount with either a label or a uuid");
  if (path.startsWith("/srv/")) {
    const hint = "the root is read-only, so nobody can make the folder: mount at /srv itself, or below /var";
    return refuse(inside(place, "path", path), STORAGE_TEXT_RULES.path.wanted, hint);
  }
  return { path, source, ...(fileSystem === undefined ? {} : { fileSystem }), readOnly };
}

function readFolder(place: Place): FolderConfiguration | undefined {
  const document = readFields(place, FOLDER_FIELDS, ["path"]);
  if (document?.path === undefined) return undefined;
  const { path, owner = "root:root" as FolderOwner, mode = "0755" as FolderMode } = document;
  return { path, owner, mode };
}

/** What no machine can have of mounts and folders, each of them being right by itself. */
export function refuseStorage(
  place: Place,
  mounts: readonly MountConfiguration[],
  folders: readonly FolderConfiguration[],
): void {
  const refuseRepeated = (list: string, key: string, index: number, value: string, first: number) => {
    const keys = [...place.keys, list, index, key];
    if (first < index)
      refuse({ ...place, keys, value }, `a ${key} of its own`, `${list}[${first}] has the same`);
  };
  for (const [index, { path, source }] of mounts.entries()) {
    const paths = mounts.map((mount) => mount.path);
    refuseRepeated("mounts", "path", index, path, paths.indexOf(path));
    const volume = source.by === "label" ? source.label : source.uuid;
    const volumes = mounts.map((mount) =>
      mount.source.by === "label" ? mount.source.label : mount.source.uuid,
    );
    refuseRepeated("mounts", source.by, index, volume, volumes.indexOf(volume));
  }
  for (const [index, { path }] of folders.entries()) {
    const first = folders.findIndex((folder) => folder.path === path);
    refuseRepeated("folders", "path", index, path, first);
    const holder = mounts.find((mount) => path === mount.path || path.startsWith(`${mount.path}/`));
    const at: Place = { ...place, keys: [...place.keys, "folders", index, "path"], value: path };
    if (holder === undefined && !path.startsWith("/var/")) {
      refuse(
        at,
        STORAGE_TEXT_RULES.path.wanted,
        'nothing is mounted there: add it to "mounts", or go below /var',
      );
    } else if (holder?.readOnly === true) {
      refuse(at, "a folder on a file system that can be written", `"${holder.path}" is mounted read-only`);
    }
  }
}
