import { systemUuidOf } from "#boot/partitionUuids.ts";

import type { BuildContext } from "./buildContext.ts";
import { MAKE_EXT4, MOUNT_MERGED } from "./packRoot.ts";
import type { StepResult } from "./stepCache.ts";

/** The first content of the /var partition: `var.img`, small; it grows at the first boot. */
export async function buildVar(
  context: BuildContext,
  installed: StepResult<unknown>,
  configured: StepResult<unknown>,
  sizeBytes: number,
): Promise<StepResult<null>> {
  const { definition, tools, signal } = context;
  const uuid = systemUuidOf(definition.id, "var");
  return context.cache.run({
    name: "var",
    code: [import.meta.filename],
    inputs: { tree: configured.key, sizeBytes, uuid, sourceDateEpoch: definition.sourceDateEpoch },
    make: async (folder) => {
      await tools.runScript(
        MOUNT_MERGED + MAKE,
        [installed.folder, configured.folder, folder, String(sizeBytes), uuid],
        {
          folders: [installed.folder, configured.folder, folder],
          environment: {
            SOURCE_DATE_EPOCH: String(definition.sourceDateEpoch),
            E2FSPROGS_FAKE_TIME: String(definition.sourceDateEpoch),
          },
          signal,
          title: "make /var",
        },
      );
      return null;
    },
  });
}

const MAKE = `${MAKE_EXT4}
make_ext4 /tmp/merged/var var.img "$1" "$2" var
`;
