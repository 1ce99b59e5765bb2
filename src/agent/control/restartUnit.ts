import { setTimeout as sleep } from "node:timers/promises";

import { parseAssignments } from "../facts/assignments.ts";
import { readRestartableUnits } from "../readRestartableUnits.ts";
import { ControlError } from "./controlError.ts";
import type { ControlMachine } from "./controlMachine.ts";

/** Of a service that is said to be started as soon as its program runs: a program that ends at once needs this long for it. */
const SETTLE_MS = 1000;
const LAST_LINES = 10;
const LONGEST_LINE = 160;

interface RestartOptions {
  readonly settleMs?: number;
  /** It is not refused. */
  readonly onBegin?: () => void;
}

/** Restarts a unit and waits for what comes of it. @returns its state */
export async function restartUnit(
  machine: ControlMachine,
  name: string,
  { settleMs = SETTLE_MS, onBegin = () => {} }: RestartOptions = {},
): Promise<string> {
  const restartable = await readRestartableUnits(machine);
  if (!restartable.has(name)) throw toRefusal(name, restartable);
  onBegin();
  const isDone = await machine.restartUnit(name);
  if (isDone) await sleep(settleMs);
  const unit = parseAssignments(
    await machine.showUnit(name, ["LoadState", "ActiveState", "SubState", "Result"]),
  );
  const failure = describeFailure(isDone, unit);
  if (failure === undefined) return unit.get("ActiveState") ?? "";
  throw new ControlError("unit-restart-failed", `Cannot restart "${name}": ${failure}`, {
    hint: toHint(name, await machine.readLastLines(name, LAST_LINES)),
  });
}

function toRefusal(name: string, restartable: ReadonlySet<string>): ControlError {
  const names = [...restartable].toSorted();
  return new ControlError(
    "unit-not-restartable",
    `Refused to restart "${name}": the definition does not list it`,
    {
      hint: [
        names.length === 0 ? "It lists none." : `It lists: ${names.join(", ")}`,
        "Units that operators may restart stand in units.restartable of the definition.",
      ].join("\n"),
    },
  );
}

/** Undefined when it is well. */
function describeFailure(isDone: boolean, unit: ReadonlyMap<string, string>): string | undefined {
  const [load, active, sub, result] = ["LoadState", "ActiveState", "SubState", "Result"].map(
    (property) => unit.get(property) ?? "",
  );
  if (load === "not-found") return "there is no such unit in this image";
  if (load === "masked") return "it is masked, so that nothing may start it";
  if (active === "failed" || sub === "auto-restart") return `it ended with ${result || "a failure"}`;
  if (!isDone) return `after a long time it is still ${active} (${sub})`;
  return active === "active" || active === "inactive" || active === "reloading"
    ? undefined
    : `it is ${active} (${sub})`;
}

/** What a unit says may come from anywhere: signs that move a cursor are no words. */
function toHint(name: string, lines: readonly string[]): string {
  if (lines.length === 0) return `It has said nothing. socle logs -u ${name} shows what came before.`;
  const told = lines.map((line) => `  ${line.replaceAll(/\p{Cc}/gu, "?").slice(0, LONGEST_LINE)}`);
  return [`The last that it said (socle logs -u ${name} shows more):`, ...told].join("\n");
}
