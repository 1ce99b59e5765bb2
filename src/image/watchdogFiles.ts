import type { Definition } from "#definition/definition.ts";
import { hasVarPartition } from "#boot/levelMounts.ts";
import { UNFINISHED_BOOTS_PATH } from "#boot/unfinishedBoots.ts";

import type { ImageFile } from "./imageFiles.ts";

/** What brings a machine back that hangs, or does not come up: the system's half of it. The other is the initrd's. */
export function watchdogFiles({ policies }: Pick<Definition, "policies">): ImageFile[] {
  const files = [text("/usr/lib/systemd/system.conf.d/socle-watchdog.conf", WATCHDOG)];
  if (policies.usr !== "verified" || !hasVarPartition(policies)) return files;
  return [
    ...files,
    text(`${UNITS}/socle-boot-finished.service`, BOOT_FINISHED_UNIT),
    symlink(`${UNITS}/multi-user.target.wants/socle-boot-finished.service`, "../socle-boot-finished.service"),
  ];
}

const UNITS = "/usr/lib/systemd/system";

function text(path: string, content: string): ImageFile {
  return { kind: "file", path, content, mode: 0o644, owner: "root:root" };
}

function symlink(path: string, target: string): ImageFile {
  return { kind: "symlink", path, target };
}

/**
 * The second for a shutdown that hangs; a firmware that does not stop the watchdog has as long to start the next
 * kernel. Not here: KExecWatchdogSec, as nothing of Socle starts a kernel from a kernel.
 */
const WATCHDOG = `# A machine that hangs is restarted, if it has a watchdog. systemd-system.conf(5)
[Manager]
RuntimeWatchdogSec=30s
RebootWatchdogSec=3min
`;

/**
 * Whatever the verdict: a system on which somebody came to judge is one that starts. Whether it is also good is what
 * tries are for, and a confirmed one whose database is away is not to be left for an older version after four restarts.
 */
const BOOT_FINISHED_UNIT = `[Unit]
Description=Remember that this start came to its end
DefaultDependencies=no
Conflicts=shutdown.target
Wants=socle-health.service
After=multi-user.target socle-health.service
Before=shutdown.target
ConditionPathExists=${UNFINISHED_BOOTS_PATH}

[Service]
Type=oneshot
ExecStart=rm -f ${UNFINISHED_BOOTS_PATH}
ExecStart=sync --file-system ${parentOf(UNFINISHED_BOOTS_PATH)}
`;

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
