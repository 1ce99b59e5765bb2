import { encodeImageUpdateDefaults, IMAGE_UPDATE_PATH } from "#boot/policy/imageUpdateDefaults.ts";
import type { Definition } from "#definition/definition.ts";

import type { ImageFile } from "./imageFiles.ts";

/** What every machine of the image does about updates until its configuration says otherwise. */
export function updateFiles({ update }: Definition): ImageFile[] {
  return [
    {
      kind: "file",
      path: IMAGE_UPDATE_PATH,
      content: encodeImageUpdateDefaults(update),
      mode: 0o644,
      owner: "root:root",
    },
  ];
}
