/** A file system on a partition of its own. Nothing on it is run: not even by choice. */
export interface MountConfiguration {
  readonly path: StatePath;
  readonly source:
    | { readonly by: "label"; readonly label: VolumeLabel }
    | { readonly by: "uuid"; readonly uuid: VolumeUuid };
  /** Undefined: what it is says its superblock. */
  readonly fileSystem?: FileSystem;
  readonly readOnly: boolean;
}

export interface FolderConfiguration {
  readonly path: StatePath;
  readonly owner: FolderOwner;
  readonly mode: FolderMode;
}

export const FILE_SYSTEMS = ["ext4", "xfs", "btrfs", "vfat"] as const;
export type FileSystem = (typeof FILE_SYSTEMS)[number];

/** An absolute path of letters, digits, `.`, `_` and `-` where state may lie. */
export type StatePath = string & { readonly __brand: "StatePath" };
export type VolumeLabel = string & { readonly __brand: "VolumeLabel" };
/** As /dev/disk/by-uuid has it. */
export type VolumeUuid = string & { readonly __brand: "VolumeUuid" };
/** `user:group`, by name or number. */
export type FolderOwner = string & { readonly __brand: "FolderOwner" };
/** Octal digits. */
export type FolderMode = string & { readonly __brand: "FolderMode" };
