import type { ChosenMachines } from "../chooseMachines.ts";
import type { ExitCode } from "../exitCode.ts";
import type { ViewContext } from "../view/machineView.ts";
import { showView } from "../view/showView.ts";
import { certificatesView } from "./certificatesView.ts";
import { disksView, networkView, timeView } from "./partsViews.ts";
import { bootsView, processesView } from "./runningViews.ts";

type Rest = [chosen: ChosenMachines, options: { readonly watch?: number | undefined }, context: ViewContext];

/** Views without a choice, by the name of their command. */
const VIEWS = {
  boots: (...[chosen, options, context]: Rest) => showView(chosen, bootsView, options, context),
  processes: (...[chosen, options, context]: Rest) => showView(chosen, processesView, options, context),
  disks: (...[chosen, options, context]: Rest) => showView(chosen, disksView, options, context),
  network: (...[chosen, options, context]: Rest) => showView(chosen, networkView, options, context),
  certificates: (...[chosen, options, context]: Rest) => showView(chosen, certificatesView, options, context),
  time: (...[chosen, options, context]: Rest) => showView(chosen, timeView, options, context),
};

export type NamedView = keyof typeof VIEWS;

export function showNamedView(name: NamedView, ...rest: Rest): Promise<ExitCode> {
  return VIEWS[name](...rest);
}
