/** The unit of a mount at an absolute path, as `systemd-escape --path --suffix=mount` gives it: systemd.unit(5). */
export function toMountUnitName(path: string): string {
  return `${escapePath(path)}.mount`;
}

/** The unit of a device's node: `/dev/disk/by-label/data`. */
export function toDeviceUnitName(path: string): string {
  return `${escapePath(path)}.device`;
}

export function escapePath(path: string): string {
  return path
    .slice(1)
    .replaceAll(/[^A-Za-z0-9:_./]|^\./g, (character) => `\\x${character.charCodeAt(0).toString(16)}`)
    .replaceAll("/", "-");
}
