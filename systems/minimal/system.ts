import { defineSystem } from "socle";
import { noSetuidOutside, nothingListens, rootUnder } from "socle/checks";

/** The smallest system that boots, proves its root and answers: what `npm start` shows. */
export default defineSystem({
  id: "minimal",
  version: "1.0",
  name: "Socle minimal",
  level: "sealed",
  disk: { size: "2GiB" },
  files: {
    "/etc/motd": "This system is sealed: its base changes by a new version only.\n",
  },
  checks: [
    rootUnder("400MiB"),
    nothingListens(),
    noSetuidOutside([
      "/usr/bin/mount",
      "/usr/bin/su",
      "/usr/bin/umount",
      "/usr/lib/dbus-1.0/dbus-daemon-launch-helper",
      "/usr/sbin/unix_chkpwd",
    ]),
  ],
});
