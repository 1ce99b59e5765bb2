import type {
  GetLoadResponse,
  GetNetworkResponse,
  JournalLine,
  ListDisksResponse,
  ListUnitsResponse,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import type { StatusDocument } from "../statusDocument.ts";

export const TABS = ["summary", "services", "logs", "disks", "network"] as const;
export type Tab = (typeof TABS)[number];

/** All that the dashboard shows; what has not come yet is undefined. */
export interface DashboardState {
  readonly machine: string;
  readonly tab: Tab;
  readonly isHelp: boolean;
  readonly connection:
    | { readonly state: "connecting" | "live" }
    | { readonly state: "reconnecting"; readonly reason: string };
  readonly now: Date;
  readonly status?: StatusDocument;
  /** The newest last. */
  readonly loads: readonly GetLoadResponse[];
  readonly disks?: ListDisksResponse;
  readonly units?: ListUnitsResponse;
  readonly network?: GetNetworkResponse;
  /** The newest last. */
  readonly log: readonly JournalLine[];
}

const KEPT_LOADS = 61;
const KEPT_LINES = 500;

export function startDashboard(machine: string, now: Date): DashboardState {
  return {
    machine,
    tab: "summary",
    isHelp: false,
    connection: { state: "connecting" },
    now,
    loads: [],
    log: [],
  };
}

export function addLoad(state: DashboardState, load: GetLoadResponse): DashboardState {
  // A machine that has restarted counts anew.
  const isOlder = (state.loads.at(-1)?.atUs ?? 0n) > load.atUs;
  return { ...state, loads: [...(isOlder ? [] : state.loads), load].slice(-KEPT_LOADS) };
}

export function addLines(state: DashboardState, lines: readonly JournalLine[]): DashboardState {
  return { ...state, log: [...state.log, ...lines].slice(-KEPT_LINES) };
}

/** What a key does; undefined for the end. Any key closes the help. */
export function pressKey(state: DashboardState, key: string): DashboardState | undefined {
  if (key === "q" || key === "\u0003" || key === "\u0004") return undefined;
  if (state.isHelp || key === "?") return { ...state, isHelp: !state.isHelp };
  const tab = TABS[Number(key) - 1];
  return tab === undefined ? state : { ...state, tab };
}
