import type { SystemChanges } from "#definition/systemInput.ts";

/** The port of the shell below, inside the machine. */
export const SHELL_PORT = 7000;

/** What an attack wants to exchange: a program that fills its blocks, so that no other file shares them. */
export const VICTIM = "/usr/lib/test/victim";
const VICTIM_BYTES = 8192;

/**
 * What every system of these tests has beside its level: a shell of root on a port, for whoever
 * attacks from inside. No image of Socle has such a thing.
 */
export const TEST_SYSTEM = {
  version: "1.0",
  disk: { size: "2GiB" },
  // These tests break machines in other ways than in their first seconds.
  health: { soak: "0s" },
  files: {
    // Emulated, on a host that has other things to do, a unit may take longer than on any real machine.
    "/usr/lib/systemd/system.conf.d/test-slow.conf": `[Manager]
DefaultTimeoutStartSec=6min
DefaultDeviceTimeoutSec=6min
`,
    "/usr/lib/systemd/system/test-shell.socket": `[Unit]
Description=Shell for tests

[Socket]
ListenStream=${SHELL_PORT}
Accept=yes

[Install]
WantedBy=sockets.target
`,
    // An attack may end as it likes without making the machine unhealthy.
    "/usr/lib/systemd/system/test-shell@.service": `[Unit]
Description=Shell for tests
CollectMode=inactive-or-failed

[Service]
ExecStart=-/usr/bin/bash
StandardInput=socket
StandardOutput=socket
StandardError=socket
`,
    [VICTIM]: { content: toVictim("original"), mode: "0755" },
  },
  units: { enable: ["test-shell.socket"] },
} as const satisfies SystemChanges;

/** A script that says this word, as long as the victim. */
export function toVictim(word: string): string {
  return `#!/usr/bin/dash\necho ${word}\nexit\n`.padEnd(VICTIM_BYTES, "#");
}
