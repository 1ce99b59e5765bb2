import type { Definition } from "#definition/definition.ts";

import type { ImageFile } from "./imageFiles.ts";

/** What operators may do on the machines of an image. Read by agent/readRestartableUnits.ts. */
export function controlFiles({ units }: Pick<Definition, "units">): ImageFile[] {
  return [
    {
      kind: "file",
      path: "/usr/lib/socle/restartable-units.json",
      content: `${JSON.stringify(units.restartable)}\n`,
      mode: 0o644,
      owner: "root:root",
    },
  ];
}
