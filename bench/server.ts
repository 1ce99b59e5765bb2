import { defineSystem } from "socle";

/** What the bench builds: a server of about 600 MB with containers and Node. */
export default defineSystem({
  id: "server",
  version: "1.0",
  name: "Socle bench server",
  level: "semi",
  packages: [
    "crun",
    "curl",
    "iproute2",
    "less",
    "netavark",
    "nftables",
    "nodejs",
    "openssh-client",
    "podman",
    "procps",
  ],
  disk: { size: "2GiB", rootSlot: "640MiB" },
});
