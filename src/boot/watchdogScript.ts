/**
 * The initrd's half of the watchdog: parts of its script. The other half is systemd's (image/watchdogFiles.ts). docs/boot.md says
 * from which moment on a hang is covered.
 */

/**
 * Drivers of what a machine may have: `lpc_ich` and `i2c_i801` find the one in Intel's chipsets. Not here: drivers that look
 * for their device by trying ports.
 */
export const WATCHDOG_MODULES = [
  "i6300esb",
  "wdat_wdt",
  "lpc_ich",
  "i2c_i801",
  "iTCO_wdt",
  "sp5100_tco",
  "hpwdt",
  "ie6xx_wdt",
] as const;

/**
 * How long the initrd, and systemd until it takes over, may go without feeding the watchdog: the 30 seconds that the
 * initrd waits for its partitions, and as much again as the rest of it takes on a slow machine.
 */
const WATCHDOG_SECONDS = 120;

/** The name of the parameter is each driver's own; a driver without the parameter keeps its own time. */
const WATCHDOG_PARAMETERS: Partial<Record<(typeof WATCHDOG_MODULES)[number], string>> = {
  i6300esb: "heartbeat",
  wdat_wdt: "timeout",
  iTCO_wdt: "heartbeat",
  sp5100_tco: "heartbeat",
  hpwdt: "soft_margin",
  ie6xx_wdt: "timeout",
};

/** The initrd's `/etc/modprobe.d/watchdog.conf`. modprobe.d(5) */
export function encodeWatchdogOptions(): string {
  return Object.entries(WATCHDOG_PARAMETERS)
    .map(([module, parameter]) => `options ${module} ${parameter}=${WATCHDOG_SECONDS}\n`)
    .join("");
}

/** After the modules. A device that is not there, or in use, changes nothing. */
export const START_WATCHDOG = `# From here on a boot that hangs is reset. Systemd takes the watchdog over.
watched=no
[ -c /dev/watchdog0 ] && command exec 9> /dev/watchdog0 && watched=yes
feed() { [ $watched = no ] || echo . >&9; }
feed
say "watchdog: $watched"
`;

/**
 * What takes long must not end in a reset of the watchdog, which is fed meanwhile: for half an hour, as work that hangs
 * would never end.
 */
const FEED_MEANWHILE = `fed() {
  (
    trap 'kill $pause; exit 0' TERM
    for _ in 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9; do
      feed
      sleep 60 9>&- & pause=$!
      wait $pause
    done
  ) &
  feeder=$!
  "$@"
  outcome=$?
  # The watchdog can be opened by one process only: nothing of this may be there when systemd comes.
  kill $feeder
  wait $feeder
  feed
  return $outcome
}
`;

/** A damaged file system can take long to check. */
export const CHECK_FILE_SYSTEM = `${FEED_MEANWHILE}check() {
  fed e2fsck -p "$1" > /dev/kmsg 2>&1
  [ $? -lt 4 ]
}
`;

/** Closed without the letter V it goes on. */
export const LEAVE_WATCHDOG = `feed
[ $watched = no ] || exec 9>&-
`;
