import type { Definition } from "#definition/definition.ts";

import type { ImageFile } from "./imageFiles.ts";

/**
 * A power cut in the middle of a rename on FAT can leave both names on the same clusters. fsck.vfat then leaves the first
 * of them whole and cuts the second off. systemd-bless-boot does nothing where the name without the counter is there
 * already, so that an empty file of that name would keep the machine on trial until its tries are used up.
 */
export function espFiles({ id }: Pick<Definition, "id">): ImageFile[] {
  const command = `find /boot/EFI/Linux -maxdepth 1 -type f -name "${id}_*.efi" -size 0 -delete`;
  return [
    {
      kind: "file",
      path: "/usr/lib/systemd/system/systemd-bless-boot.service.d/socle-empty.conf",
      content: `# An empty kernel image starts nothing, and is in the way.\n[Service]\nExecStartPre=-${command}\n`,
      mode: 0o644,
      owner: "root:root",
    },
  ];
}
