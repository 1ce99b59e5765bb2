import { InvalidArgumentError } from "@commander-js/extra-typings";
import { parseSize } from "#definition/size.ts";
import type { PortForward } from "./commandOptions.ts";

/** `1G` or `512M`, in bytes. */
export function parseSizeOption(text: string): number {
  const size = parseSize(text);
  if ("wanted" in size) throw new InvalidArgumentError("write a size in whole MiB, such as 512M or 4G");
  return size.sizeBytes;
}

export function parseCpusOption(text: string): number {
  const cpus = Number(text);
  if (!/^\d+$/.test(text) || cpus < 1 || cpus > 256) {
    throw new InvalidArgumentError("write a whole number from 1 to 256");
  }
  return cpus;
}

export function parsePortOption(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError("write a port from 1 to 65535");
  }
  return port;
}

/** `8080:80`: host first. The option may be repeated. */
export function parseForwardOption(text: string, previous: readonly PortForward[]): readonly PortForward[] {
  const [host, guest, ...rest] = text.split(":");
  if (host === undefined || guest === undefined || rest.length > 0) {
    throw new InvalidArgumentError("write HOST:GUEST, two ports such as 8080:80");
  }
  return [...previous, { hostPort: parsePortOption(host), guestPort: parsePortOption(guest) }];
}

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90m`, `2h` or `3d`, in milliseconds. */
export function parseDurationOption(text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = DURATION_UNITS_MS[unit];
  if (unitMs === undefined || Number(count) === 0)
    throw new InvalidArgumentError("write a number and a unit: 90m, 2h or 3d");
  return Number(count) * unitMs;
}

/** `2026-12-01` (its beginning, UTC) or `2026-12-01T08:00:00Z`. */
export function parseTimeOption(text: string): Date {
  const at = new Date(text);
  if (
    !/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/.test(text) ||
    Number.isNaN(at.getTime())
  )
    throw new InvalidArgumentError("write a day such as 2026-12-01, or a time such as 2026-12-01T08:00:00Z");
  return at;
}

/** For an option that can be given more than once. */
export function collectOption(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}
