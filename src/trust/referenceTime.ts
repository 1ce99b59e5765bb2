/** What a machine knows of the time without asking anyone. */
export interface MachineClock {
  /** The machine's clock: 1970 without a battery, anything after a mistake. */
  readonly system: Date;
  /** The source date of the image it runs: it cannot be earlier than that. */
  readonly notBefore: Date;
}

/** The time that expiry is judged by. */
export interface ReferenceTime {
  readonly used: Date;
  readonly system: Date;
  /** Whether the machine's clock says less than what is known for sure. */
  readonly behind: boolean;
}

/**
 * The latest of the three: the machine's clock, the image's source date, and when the newest trusted
 * timestamp metadata was made. Each is a lower bound of the true time, or is a wrong clock that is
 * ahead; that one makes everything look expired, which is refused and harmless.
 */
export function toReferenceTime({ system, notBefore }: MachineClock, issued?: Date): ReferenceTime {
  const known = Math.max(notBefore.getTime(), issued?.getTime() ?? notBefore.getTime());
  return {
    used: new Date(Math.max(system.getTime(), known)),
    system,
    behind: system.getTime() < known,
  };
}

/** Of timestamp metadata: when it was made, RFC 3339 with whole seconds, UTC. Signed, but not part of TUF. */
export const ISSUED_FIELD = "x-socle-issued";

/** Undefined for what is not such a time: other tools make timestamp metadata without it. */
export function parseIssued(value: unknown): Date | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return undefined;
  const issued = new Date(value);
  return Number.isNaN(issued.getTime()) ? undefined : issued;
}

/** What a person can do about expired metadata; `server` is what the repository's server says the time is. */
export function toClockHint({ system, used, behind }: ReferenceTime, server: Date | undefined): string {
  const lines = [
    `This machine's clock says ${toText(system)}${behind ? `; ${toText(used)} was used, it cannot be earlier` : ""}.`,
    ...(server === undefined
      ? []
      : [`The server's clock, which nobody vouches for, says ${toText(server)}.`]),
    "If this machine's clock is wrong, set it. If it is right, the repository must be signed anew, or",
    "somebody holds back what is newer.",
  ];
  return lines.join("\n");
}

function toText(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
