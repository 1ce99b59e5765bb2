import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import type { ListUnitsResponseSchema, UnitSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { parseAssignments } from "../facts/assignments.ts";
import type { Machine } from "../machineFacts.ts";

const PROPERTIES = [
  "Id",
  "Description",
  "LoadState",
  "ActiveState",
  "SubState",
  "UnitFileState",
  "Result",
  "MainPID",
  "NRestarts",
  "MemoryCurrent",
  "CPUUsageNSec",
  "StateChangeTimestamp",
] as const;

const MOST_PATTERNS = 64;

/** @param mayRestart units that the definition lets operators restart */
export async function listUnits(
  machine: Pick<Machine, "run">,
  patterns: readonly string[],
  mayRestart: ReadonlySet<string>,
): Promise<MessageInitShape<typeof ListUnitsResponseSchema>> {
  const wrong = patterns.find((pattern) => !/^[A-Za-z0-9:_.@*?\\[\]-]{1,255}$/.test(pattern));
  if (wrong !== undefined || patterns.length > MOST_PATTERNS)
    throw new ConnectError(
      wrong === undefined
        ? `patterns: at most ${MOST_PATTERNS}`
        : `patterns: "${wrong}" is no name of a unit`,
      Code.InvalidArgument,
    );
  const words = ["show", "--timestamp=unix", `--property=${PROPERTIES.join(",")}`, "--"];
  const text = await machine.run("systemctl", [...words, ...(patterns.length === 0 ? ["*"] : patterns)]);
  return { units: parseUnits(text, mayRestart) };
}

/** Output of `systemctl show`: one block of assignments per unit, an empty line between. */
export function parseUnits(
  text: string,
  mayRestart: ReadonlySet<string>,
): MessageInitShape<typeof UnitSchema>[] {
  return (
    text
      .split(/\n\n+/)
      .map(parseAssignments)
      // Asked for a name that is nobody's, systemctl describes an empty unit.
      .filter((unit) => unit.has("Id") && unit.get("LoadState") !== "not-found")
      .map((unit) => toUnit(unit, mayRestart))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  );
}

function toUnit(unit: ReadonlyMap<string, string>, mayRestart: ReadonlySet<string>) {
  const name = unit.get("Id") ?? "";
  const since = /^@(\d+)$/.exec(unit.get("StateChangeTimestamp") ?? "")?.[1];
  return {
    name,
    description: unit.get("Description") ?? "",
    active: unit.get("ActiveState") ?? "",
    sub: unit.get("SubState") ?? "",
    fileState: unit.get("UnitFileState") ?? "",
    result: unit.get("Result") ?? "success",
    mainPid: toCount(unit.get("MainPID")),
    restarts: toCount(unit.get("NRestarts")),
    memoryBytes: BigInt(toCount(unit.get("MemoryCurrent"))),
    cpuUs: BigInt(Math.floor(toCount(unit.get("CPUUsageNSec")) / 1000)),
    ...(since === undefined ? {} : { since: timestampFromMs(Number(since) * 1000) }),
    mayRestart: mayRestart.has(name),
  };
}

/** systemd says `[not set]`, or 2^64-1, of what it does not know. */
function toCount(text = ""): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  return Number.isSafeInteger(count) ? count : 0;
}
