import type { Definition } from "#definition/definition.ts";
import { HEALTH_CONTRACT_PATH } from "#health/healthContract.ts";
import { encodeHealthContract } from "#health/parseHealthContract.ts";

import type { ImageFile } from "./imageFiles.ts";
import { CLOSED_SANDBOX } from "./sandbox.ts";

const UNITS = "/usr/lib/systemd/system";

/** What judges each boot: the contract, and the units that act on the verdict. docs/health.md. */
export function healthFiles({ health }: Definition): ImageFile[] {
  return [
    text(HEALTH_CONTRACT_PATH, encodeHealthContract(health)),
    text(`${UNITS}/socle-health.service`, encodeHealthUnit(health)),
    text(`${UNITS}/socle-health-failed.service`, HEALTH_FAILED_UNIT),
    text("/usr/lib/socle/is-boot-on-trial", IS_BOOT_ON_TRIAL, 0o755),
    // In boots that are counted, nothing is blessed without it; in all others it is wanted all the same.
    symlink(`${UNITS}/boot-complete.target.requires/socle-health.service`, "../socle-health.service"),
    symlink(`${UNITS}/multi-user.target.wants/socle-health.service`, "../socle-health.service"),
    // A file system that cannot be mounted leads there, and cancels the judgement's job: nothing would ever judge.
    symlink(`${UNITS}/emergency.target.wants/socle-health-failed.service`, "../socle-health-failed.service"),
  ];
}

function text(path: string, content: string, mode = 0o644): ImageFile {
  return { kind: "file", path, content, mode, owner: "root:root" };
}

function symlink(path: string, target: string): ImageFile {
  return { kind: "symlink", path, target };
}

/** For the program itself, beside what its contract gives the machine: to start, to write, to be late on a slow machine. */
const PROGRAM_SECONDS = 60;
/** How long everything of multi-user.target may take to start: units with systemd's own limit of 90 s, one after another. */
const START_SECONDS = 600;

/**
 * Ordered after the target that wants it, which only a unit without default dependencies can be. A unit
 * whose start never ends would keep it waiting for ever: the time of its job counts from the boot's begin.
 *
 * What it asks runs in units of its own (agent/health/askProbe.ts), which PID 1 starts for whoever may administer the system.
 */
function encodeHealthUnit({ timeoutMs, soakMs, probes }: Definition["health"]): string {
  const longestProbeMs = Math.max(0, ...probes.map((probe) => probe.timeoutMs));
  const seconds = Math.ceil((timeoutMs + soakMs + 2 * longestProbeMs) / 1000) + PROGRAM_SECONDS;
  return `[Unit]
Description=Judge the health of this boot
DefaultDependencies=no
Conflicts=shutdown.target
After=multi-user.target socle-agent.service
Before=boot-complete.target shutdown.target
RequiresMountsFor=/var/lib/socle
JobTimeoutSec=${START_SECONDS + seconds}
OnFailure=socle-health-failed.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/socle/node --jitless --optimize-for-size /usr/lib/socle/health.mjs
TimeoutStartSec=${seconds}

${CLOSED_SANDBOX}ReadWritePaths=-/var/lib/socle
ProtectHome=read-only
ProtectKernelTunables=yes
PrivateDevices=yes
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_READ_SEARCH
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallFilter=@system-service
`;
}

/**
 * Started by whatever way the judgement ends but well: a verdict, a crash, a kill, a hang (the timeout of
 * its unit), a system that does not come up (the timeout of its job, or emergency.target). Only a boot on trial is restarted,
 * since that uses up one of its tries; in any other the failed unit says what is wrong.
 *
 * Without default dependencies nothing stops it while the machine shuts down: a shutdown that
 * hangs is cut short by the forced one. Should even that fail to be asked for, systemd does it itself.
 */
const HEALTH_FAILED_UNIT = `[Unit]
Description=Restart the machine, as this boot is not good
DefaultDependencies=no
FailureAction=reboot-force

[Service]
Type=oneshot
ExecCondition=/usr/lib/socle/is-boot-on-trial
ExecStart=-/usr/lib/socle/node --jitless --optimize-for-size /usr/lib/socle/health.mjs record-unfinished
ExecStart=-systemctl --no-block --no-wall reboot
ExecStart=-sleep 120
ExecStart=systemctl --force --no-wall reboot
TimeoutStartSec=240
`;

/**
 * Once a boot is blessed a restart would use up no try, and change nothing. Neither would one after the
 * last try with nothing else to start: such a machine stays up, where somebody can look at it.
 */
const IS_BOOT_ON_TRIAL = `#!/bin/sh
# Whether a restart of this boot uses up a try, or brings another version.
/usr/lib/socle/is-counted-boot || exit 1
if systemctl --quiet is-active systemd-bless-boot.service; then exit 1; fi
counted=$(tr -cd '[:print:]' < /sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f)
case $counted in
  *+0-*) ;;
  *) exit 0 ;;
esac
[ -d /boot/EFI/Linux ] || exit 0 # nobody can tell
for image in /boot/EFI/Linux/*.efi; do
  case $image in
    *+0-* | *+0.efi) ;;
    *) [ ! -e "$image" ] || exit 0 ;;
  esac
done
echo "No try is left, and no other version to start: the machine stays up."
exit 1
`;
