import type { LevelName } from "./levels.ts";

/** What a definition means where it says nothing. The JSON Schema and docs/definition.md show the same. */
export const DEFAULTS = {
  suite: "trixie",
  components: ["main"],
  fileMode: "0644",
  fileOwner: "root:root",
  kernelPackage: "linux-image-cloud-amd64",
  timeZone: "UTC",
  locale: "C.UTF-8",
  level: "sealed" satisfies LevelName as LevelName,
  compression: "none",
  diskSize: "2GiB",
  /** Two kernel images with an uncompressed initrd, about 40 MB each, and one being written. */
  espSize: "256MiB",
  rootSlotSize: "600MiB",
  bootTries: 3,
  /** Short: a boot is not good, and the machine still starting, until it is over. */
  healthSoak: "5s",
  healthTimeout: "3min",
  probeTimeout: "10s",
  probeStatus: 200,
  freeSpace: "32MiB",
  regression: { bootTime: 3, memory: 2, restarts: 3 },
  updateChannel: "stable",
  updateMode: "manual",
  updateSpread: "0s",
  updateMinimumAge: "0s",
  debugAllowed: false,
  debugLongest: "1h",
  /** Small, and of one package: ps, top, vi, less, wget, nc, ping, nslookup and some hundred more. */
  debugPackages: ["busybox-static"],
  /** Fixed: the time of the build would make every build different. */
  sourceDate: "2026-01-01T00:00:00Z",
} as const;
