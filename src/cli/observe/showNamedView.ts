import type { CommandContext } from "../commandContext.ts";
import type { ExitCode } from "../exitCode.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { showView } from "./showView.ts";
import { bootsView, disksView, networkView, processesView, timeView } from "./views.ts";

/** Views without a choice, by the name of their command. */
const VIEWS = {
  boots: (...rest: Rest) => showView(rest[0], bootsView, rest[1], rest[2]),
  processes: (...rest: Rest) => showView(rest[0], processesView, rest[1], rest[2]),
  disks: (...rest: Rest) => showView(rest[0], disksView, rest[1], rest[2]),
  network: (...rest: Rest) => showView(rest[0], networkView, rest[1], rest[2]),
  time: (...rest: Rest) => showView(rest[0], timeView, rest[1], rest[2]),
};

type Rest = [
  machine: NamedMachine,
  options: { readonly watch?: boolean },
  context: Pick<CommandContext, "stdout" | "signal" | "output">,
];

export function showNamedView(
  machine: NamedMachine,
  name: keyof typeof VIEWS,
  options: { readonly watch?: boolean },
  context: Pick<CommandContext, "stdout" | "signal" | "output">,
): Promise<ExitCode> {
  return VIEWS[name](machine, options, context);
}
