import { parseAssignments } from "./assignments.ts";

/** Spans in microseconds; 0 where a span did not happen or nobody measured it. */
export interface BootTimes {
  readonly firmwareUs: number;
  readonly loaderUs: number;
  readonly kernelUs: number;
  readonly initrdUs: number;
  readonly userspaceUs: number;
}

/**
 * Properties of the manager, org.freedesktop.systemd1(5). `Firmware…` and `Loader…` say how long before
 * the kernel each one started, all others how long after; 0 means that it is not known or not yet.
 */
export const MANAGER_PROPERTIES = [
  "FirmwareTimestampMonotonic",
  "LoaderTimestampMonotonic",
  "InitRDTimestampMonotonic",
  "UserspaceTimestampMonotonic",
  "FinishTimestampMonotonic",
  "SystemState",
] as const;

export interface ManagerState {
  /** In systemd's words, e.g. `running`; empty when it did not say. */
  readonly systemState: string;
  readonly firmwareUs: number;
  readonly loaderUs: number;
  readonly initrdUs: number;
  readonly userspaceUs: number;
  readonly finishUs: number;
}

/** Output of `systemctl show --property=…` without a unit. */
export function parseManagerState(text: string): ManagerState {
  const values = parseAssignments(text);
  const microseconds = (key: (typeof MANAGER_PROPERTIES)[number]) => {
    const value = Number(values.get(key) ?? 0);
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  };
  return {
    systemState: values.get("SystemState") ?? "",
    firmwareUs: microseconds("FirmwareTimestampMonotonic"),
    loaderUs: microseconds("LoaderTimestampMonotonic"),
    initrdUs: microseconds("InitRDTimestampMonotonic"),
    userspaceUs: microseconds("UserspaceTimestampMonotonic"),
    finishUs: microseconds("FinishTimestampMonotonic"),
  };
}

/**
 * @param initrdStartedUs when the first program of an initrd without systemd started, after the kernel;
 *   undefined when it left no note. systemd itself only knows of an initrd that it ran in.
 */
export function toBootTimes(manager: ManagerState, initrdStartedUs: number | undefined): BootTimes {
  const initrdAt = manager.initrdUs > 0 ? manager.initrdUs : (initrdStartedUs ?? 0);
  const measuredInitrd = initrdAt > 0 && initrdAt <= manager.userspaceUs;
  return {
    firmwareUs: Math.max(0, manager.firmwareUs - manager.loaderUs),
    loaderUs: manager.loaderUs,
    kernelUs: measuredInitrd ? initrdAt : manager.userspaceUs,
    initrdUs: measuredInitrd ? manager.userspaceUs - initrdAt : 0,
    userspaceUs: Math.max(0, manager.finishUs - manager.userspaceUs),
  };
}

/** First number of /proc/uptime, seconds with two decimals, as microseconds. */
export function parseUptime(text: string): number | undefined {
  const seconds = Number.parseFloat(text);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1e6) : undefined;
}
