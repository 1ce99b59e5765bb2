import type { Command, OptionValues } from "@commander-js/extra-typings";

import type { MachinesOption } from "./chooseMachines.ts";
import type { CommandContext } from "./commandContext.ts";
import type { LeaveVerb } from "./control/leaveMachine.ts";
import { createContextOption, createNodesOption, KEEP_GOING, MACHINE } from "./machineOptions.ts";
import {
  createFormatOption,
  renderExamples,
  type GlobalOptions,
  type RootCommand,
  type RunCommand,
} from "./rootCommand.ts";
import type { NamedMachine } from "./update/updateMachine.ts";

type Example = readonly [commandLine: string, purpose: string];

const VERBS: readonly (readonly [verb: LeaveVerb, description: string, examples: readonly Example[]])[] = [
  [
    "reboot",
    "restart a machine",
    [
      ['socle reboot edge-01 --reason "new memory" --wait', "until it answers again"],
      ["socle reboot -n edge-01,edge-02 --yes --wait", "one after the other, until one does not come back"],
    ],
  ],
  ["poweroff", "switch a machine off", [["socle poweroff edge-01 --yes", "from a script"]]],
  [
    "reset",
    "take away what a machine has become: /var is made anew",
    [
      ["socle reset edge-01", "before it goes to somebody else"],
      ["socle reset edge-01 --keep-configuration --wait", "away with its data alone"],
    ],
  ],
];

/** What changes a machine beside updates and configuration. Each action loads its command only when it is called. */
export function addControlCommands(program: RootCommand, run: RunCommand): void {
  for (const [verb, description, examples] of VERBS) {
    const command = program
      .command(verb)
      .argument(...MACHINE)
      .description(description)
      .option("--yes", "do not ask")
      .option("--reason <text>", "why, for the machine's journal")
      .option("--force", "also while applications hold locks")
      .option(
        "--wait",
        verb === "poweroff" ? "until it does not answer any more" : "until it answers from its next boot",
      );
    if (verb === "reset")
      command.option("--keep-configuration", "and its generations, and the key that others know it by");
    command
      .addOption(createContextOption())
      .addOption(createNodesOption())
      .option(...KEEP_GOING)
      .addOption(createFormatOption())
      .addHelpText("after", renderExamples(examples))
      .action((name, options, own) =>
        run(
          own.optsWithGlobals(),
          async (context) => {
            const { chooseMachines } = await import("./chooseMachines.ts");
            const { leaveMachine } = await import("./control/leaveMachine.ts");
            const { inTurn } = await import("./inTurn.ts");
            const chosen = await chooseMachines(name, options, context);
            if ("machine" in chosen) return leaveMachine(chosen.machine, verb, options, context);
            const leave = (machine: NamedMachine, mine: CommandContext) =>
              leaveMachine(machine, verb, options, mine);
            return inTurn("ControlResult", chosen, leave, options, context);
          },
          { isOnlooker: true },
        ),
      );
  }
}

/** Below `socle services`, whose own words are patterns. */
export function addUnitCommands<
  Arguments extends unknown[],
  Options extends OptionValues & MachinesOption,
  Globals extends GlobalOptions & OptionValues,
>(services: Command<Arguments, Options, Globals>, run: RunCommand): void {
  services
    .command("restart")
    .argument("<unit>", "one that the definition lists in units.restartable")
    .description("restart a unit, and wait for what comes of it")
    .option(...KEEP_GOING)
    .addHelpText(
      "after",
      renderExamples([["socle services restart nginx.service --context edge-01", "one service"]]),
    )
    .action((unit, { keepGoing }, command) => {
      // Which machine, and the form of the result, are options of `services`.
      const options = command.optsWithGlobals();
      return run(options, async (context) => {
        const { chooseMachines } = await import("./chooseMachines.ts");
        const { restartUnit } = await import("./control/restartUnit.ts");
        const { inTurn } = await import("./inTurn.ts");
        const chosen = await chooseMachines(undefined, options, context);
        if ("machine" in chosen) return restartUnit(chosen.machine, unit, context);
        const restart = (machine: NamedMachine, mine: CommandContext) => restartUnit(machine, unit, mine);
        return inTurn("UnitRestart", chosen, restart, { keepGoing }, context);
      });
    });
}
