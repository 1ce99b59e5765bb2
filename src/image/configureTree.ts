import { dirname, join } from "node:path";

import type { Definition } from "#definition/definition.ts";
import type { Sha256 } from "#release/sha256.ts";
import { hashFile, linkOrCopy, makeFolder, writeSymlink, writeWithParents } from "#system/files.ts";

import type { BuildContext } from "./buildContext.ts";
import { listImageFiles, type ImageFile } from "./imageFiles.ts";
import { digest, type StepResult } from "./stepCache.ts";

/** The device programs that go into every image, made by earlier steps. */
export interface DevicePrograms {
  readonly node: { readonly file: string; readonly sha256: Sha256 };
  /** Files by their names below /usr/lib/socle. */
  readonly bundles: ReadonlyMap<string, string>;
}

/** What an overlay over the packages' tree changes: `upper/`. */
export async function configureTree(
  context: BuildContext,
  installed: StepResult<unknown>,
  programs: DevicePrograms,
): Promise<StepResult<null>> {
  const { definition, tools, signal } = context;
  const files = listImageFiles(definition, context.signing);
  return context.cache.run({
    name: "configure",
    code: [import.meta.filename],
    inputs: {
      tree: installed.key,
      files: digest(
        files.map((file) =>
          file.kind === "file" ? { ...file, content: Buffer.from(file.content).toString("base64") } : file,
        ),
      ),
      units: digest({ ...definition.units }),
      locale: definition.locale,
      usr: definition.policies.usr,
      sourceDateEpoch: definition.sourceDateEpoch,
      programs: [
        programs.node.sha256,
        ...(await Promise.all(
          [...programs.bundles].map(async ([name, file]) => [name, await hashFile(file)] as const),
        )),
      ],
    },
    describe: () => `${files.length} files`,
    make: async (folder) => {
      const stage = join(folder, "stage");
      for (const file of files) await stageFile(stage, file);
      await stagePrograms(stage, programs);
      await linkOrCopy(programs.node.file, join(folder, "node"));
      await writeWithParents(join(folder, "owners"), encodeOwners(files));
      await makeFolder(join(folder, "upper"));
      await makeFolder(join(folder, "work"));
      await tools.runScript(CONFIGURE, [installed.folder, folder, ...toUnitArguments(definition)], {
        folders: [installed.folder, folder],
        signal,
        title: "configure the tree",
        environment: {
          LOCALE: definition.locale,
          USR: definition.policies.usr,
          // Else the day on which an account was made would be that of the build.
          SOURCE_DATE_EPOCH: String(definition.sourceDateEpoch),
        },
      });
      return null;
    },
  });
}

async function stageFile(stage: string, file: ImageFile): Promise<void> {
  const path = join(stage, file.path);
  await (file.kind === "symlink"
    ? writeSymlink(path, file.target)
    : writeWithParents(path, file.content, file.mode));
}

async function stagePrograms(stage: string, programs: DevicePrograms): Promise<void> {
  for (const [name, file] of programs.bundles) {
    const path = join(stage, "usr/lib/socle", name);
    await makeFolder(dirname(path));
    await linkOrCopy(file, path);
  }
}

/** NUL-separated triples: mode, owner, path. Without what is root's, as it was unpacked. */
function encodeOwners(files: readonly ImageFile[]): string {
  return files
    .filter((file) => file.kind === "file")
    .filter(({ owner }) => owner !== "root:root")
    .map(({ mode, owner, path }) => `${mode.toString(8)}\0${owner}\0${path}\0`)
    .join("");
}

const ALWAYS_ENABLED = ["systemd-networkd.service"];
/** The machine offers no login; logs and control go through the agent. */
const NEVER_STARTED = [
  "getty@tty1.service",
  "serial-getty@ttyS0.service",
  "systemd-firstboot.service",
  // What belongs to the base is replaced, not maintained in place.
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "systemd-boot-update.service",
  // For LVM snapshots of ext4, which an image does not have.
  "e2scrub_all.timer",
  "e2scrub_reap.service",
];

/** Pairs of a verb and its units, with spaces between them: starting systemctl takes longer than what it does. */
function toUnitArguments({ units, policies }: Definition): string[] {
  const masked =
    policies.usr === "verified"
      ? [...NEVER_STARTED.filter((unit) => !units.enable.includes(unit)), ...units.mask]
      : units.mask;
  const verbs = { enable: [...ALWAYS_ENABLED, ...units.enable], disable: units.disable, mask: masked };
  return Object.entries(verbs).flatMap(([verb, names]) =>
    names.length === 0 ? [] : [verb, names.join(" ")],
  );
}

// $1 the packages step, $2 this step, then pairs of verb and units.
const CONFIGURE = `
mkdir /tmp/lower /tmp/layer /tmp/merged
mount --bind "$1/tree" /tmp/lower
mount --bind "$2" /tmp/layer
# userxattr: without root, an overlay may keep its own marks only there. volatile: who asks to sync a file waits for nothing.
mount -t overlay overlay -o volatile,userxattr,lowerdir=/tmp/lower,upperdir=/tmp/layer/upper,workdir=/tmp/layer/work /tmp/merged
mount --rbind /dev /tmp/merged/dev
shift 2
# Folders that exist keep their owner and mode, and /lib stays a symlink.
tar -C /tmp/layer/stage --owner=0 --group=0 -cf - . | tar -C /tmp/merged --no-overwrite-dir --keep-directory-symlink -xpf -
cd /tmp/merged
# What the packages declare is there already. It syncs the disk, and so would wait for all that was just built.
[ ! -e /tmp/layer/stage/usr/lib/sysusers.d ] && [ ! -e /tmp/layer/stage/etc/sysusers.d ] || systemd-sysusers --root=/tmp/merged
chroot /tmp/merged sh -eu -c 'xargs -0 -r -n 3 sh -eu -c '\\''chown "$2" "$3"; chmod "$1" "$3"'\\'' sh' < /tmp/layer/owners
rm -f etc/.pwd.lock etc/passwd- etc/group- etc/shadow- etc/gshadow-
case $LOCALE in
  C | C.* | POSIX) ;;
  *) chroot /tmp/merged localedef -i "\${LOCALE%%.*}" -f "\${LOCALE#*.}" "$LOCALE" ;;
esac
while [ $# -gt 0 ]; do systemctl --root=/tmp/merged "$1" $2; shift 2; done
if [ "$USR" = verified ]; then
  rm -rf var/lib/apt var/lib/pam var/lib/ucf var/lib/systemd/deb-systemd-* var/cache/* var/log/*
  for name in home srv root; do
    [ ! -d $name ] || [ -L $name ] || { rm -rf "$name"; ln -s "var/$name" "$name"; }
    mkdir -p "var/$name"
  done
  chmod 700 var/root
  # Every folder of /var as tmpfiles.d lines: a later version adds its own, an empty /var is filled.
  find var -mindepth 1 \\( -type d -printf 'd "/%p" %#m %U %G -\\n' \\) -o \\( -type l -printf 'L "/%p" - - - - %l\\n' \\) | sort > usr/lib/tmpfiles.d/socle-var.conf
  # A reset copies it from there: what lies below /var in the root is not packed.
  mkdir -p usr/share/factory
  cp -a var usr/share/factory/
fi
cd /
umount --lazy /tmp/merged/dev
umount /tmp/merged
# Not through the overlay: that would write its hundred megabytes again. It is root's, and executable, as it was made.
mv /tmp/layer/node /tmp/layer/upper/usr/lib/socle/node
rm -rf /tmp/layer/stage /tmp/layer/work /tmp/layer/owners
`;
