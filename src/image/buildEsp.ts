import { join } from "node:path";

import { encodeBootEntryName } from "#boot/bootCounter.ts";
import { systemUuidOf } from "#boot/partitionUuids.ts";
import { hashBytes, readBytes, writeWithParents } from "#system/files.ts";
import { signPortableExecutable } from "#trust/authenticode.ts";

import type { BuildContext } from "./buildContext.ts";
import type { StepResult } from "./stepCache.ts";

/** The EFI system partition: systemd-boot, signed, its configuration, and the unified kernel image with its tries. */
export async function buildEsp(context: BuildContext, uki: StepResult<unknown>): Promise<StepResult<null>> {
  const { definition, tools, signal, signing } = context;
  const { id, version, bootTries, disk, sourceDateEpoch } = definition;
  const entry = encodeBootEntryName({ id, version, counter: { left: bootTries, done: 0 } });
  const serial = systemUuidOf(id, "esp").slice(0, 8);
  return context.cache.run({
    name: "esp",
    code: [import.meta.filename],
    inputs: {
      uki: uki.key,
      entry,
      sizeBytes: disk.espSizeBytes,
      serial,
      sourceDateEpoch,
      certificate: hashBytes(signing.db.certificate),
    },
    describe: () => entry,
    make: async (folder) => {
      const loader = await readBytes(join(tools.folder, SYSTEMD_BOOT));
      await writeWithParents(join(folder, "loader.efi"), await signPortableExecutable(loader, signing.db));
      await tools.runScript(MAKE, [uki.folder, folder, entry, String(disk.espSizeBytes), serial], {
        folders: [uki.folder, folder],
        environment: { SOURCE_DATE_EPOCH: String(sourceDateEpoch) },
        signal,
        title: "make the EFI system partition",
      });
      return null;
    },
  });
}

/** In the tools tree, so that the lock says which one it is. */
const SYSTEMD_BOOT = "usr/lib/systemd/boot/efi/systemd-bootx64.efi";

// No menu, no editor of the command line; a key held at power-on shows the menu (loader.conf(5)).
const MAKE = `
uki=$1 entry=$3 size=$4 serial=$5; cd "$2"
truncate -s "$size" esp.img
mkfs.vfat --invariant -F 32 -n ESP -i "$serial" esp.img > /dev/null
mkdir -p /tmp/esp/EFI/BOOT /tmp/esp/EFI/systemd /tmp/esp/EFI/Linux /tmp/esp/loader
cp loader.efi /tmp/esp/EFI/systemd/systemd-bootx64.efi
cp loader.efi /tmp/esp/EFI/BOOT/BOOTX64.EFI
printf 'timeout 0\\neditor no\\n' > /tmp/esp/loader/loader.conf
printf 'type1\\n' > /tmp/esp/loader/entries.srel
cp "$uki/uki.efi" "/tmp/esp/EFI/Linux/$entry"
find /tmp/esp -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mcopy -i esp.img -s -Q -m /tmp/esp/EFI /tmp/esp/loader ::/
`;
