/**
 * When a machine may change itself: what its image says, with what its configuration says over it.
 * Plain data that was parsed at the door.
 */
export interface UpdatePolicy {
  /** http: or https: folder that holds metadata/ and targets/; absent: only what a caller names. */
  readonly repository?: string;
  readonly channel: string;
  /** `manual`: nothing by itself. `download`: stages, and leaves the restart to somebody. `automatic`: restarts too. */
  readonly mode: "manual" | "download" | "automatic";
  /** When it may restart by itself; absent: at any time. */
  readonly window?: MaintenanceWindow;
  /** Machines begin at a random but fixed moment within so many seconds after they could. */
  readonly spreadSeconds: number;
  readonly minimumAgeSeconds: number;
  /** The only version that may be installed. */
  readonly pin?: string;
  /** Of the configuration, until it says otherwise. */
  readonly hold?: { readonly reason: string };
  /** No version below it is ever installed. Of the image only. */
  readonly floor?: string;
  /** What is wrong with a configuration that is there and refused: then the machine changes nothing by itself. */
  readonly refused?: readonly string[];
}

export type UpdateMode = UpdatePolicy["mode"];

/** What every machine of an image does until its configuration says otherwise. */
export type ImageUpdateDefaults = Omit<UpdatePolicy, "pin" | "hold" | "refused">;

export interface MaintenanceWindow {
  /** 1 is Monday, 7 is Sunday (ISO 8601); at least one. A window that goes over midnight belongs to the day it begins. */
  readonly days: readonly number[];
  /** Minutes after midnight, 0 to 1439. */
  readonly startMinute: number;
  /** 1 to 1440. */
  readonly minutes: number;
  /** IANA name; daylight saving is its business. */
  readonly timeZone: string;
}

/** A hold that somebody set by a call. */
export interface UpdateHold {
  readonly reason: string;
  /** RFC 3339, UTC. */
  readonly since: string;
  readonly until?: string;
}
