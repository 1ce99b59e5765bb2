import { Option } from "@commander-js/extra-typings";

import type { CommandContext } from "./commandContext.ts";
import { createContextOption, createNodesOption, KEEP_GOING, MACHINE } from "./machineOptions.ts";
import { parseDurationOption, parseTimeOption } from "./optionValues.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";
import type { NamedMachine } from "./update/updateMachine.ts";
import { addUpdateQuestions, HERE, withTarget, type UpdateCommand } from "./updateQuestions.ts";

/** Updates of a machine that runs. Each action loads its command only when it is called. */
export function addUpdateCommands(program: RootCommand, run: RunCommand): void {
  const update: UpdateCommand = program
    .command("update")
    .description("what is there to update a machine to, and doing it");
  addUpdateQuestions(update, run);
  addApplyCommand(update, run);
  addFollowCommands(update, run);
  addHoldCommands(update, run);
}

function addApplyCommand(update: UpdateCommand, run: RunCommand): void {
  withTarget(
    update
      .command("apply")
      .argument(...MACHINE)
      .description("update a machine and follow it, over its restart, to the verdict"),
  )
    .option("--yes", "do not ask")
    .option("--no-reboot", "have it ready only; the next boot starts it")
    .option("--dry-run", "show the plan, and change nothing")
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .option(...KEEP_GOING)
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle update apply", "to the newest release of the configured channel"],
        ["socle update apply edge-01 --yes --no-reboot", "from a script; restarted later"],
        ["socle update apply -n edge-01,edge-02 --yes", "one after the other, until one fails"],
        [`socle update apply --repository ${HERE}`, "from this host's socle serve, to socle vm"],
      ]),
    )
    .addHelpText(
      "after",
      "\nCtrl-C stops the looking on, not the update.\nExit code 7: it was tried, not found good, and the machine went back",
    )
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachines } = await import("./chooseMachines.ts");
          const { updateApply } = await import("./commands/updateApply.ts");
          const { inTurn } = await import("./inTurn.ts");
          const chosen = await chooseMachines(name, options, context);
          if ("machine" in chosen) return updateApply(chosen.machine, options, context);
          const apply = (machine: NamedMachine, own: CommandContext) => updateApply(machine, options, own);
          return inTurn("UpdateResult", chosen, apply, options, context);
        },
        { isOnlooker: true },
      ),
    );
}

function addFollowCommands(update: UpdateCommand, run: RunCommand): void {
  update
    .command("watch")
    .argument(...MACHINE)
    .description("follow the update that goes on, whoever began it")
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle update watch edge-01", "after Ctrl-C, or for an automatic one"]]),
    )
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachine } = await import("./chooseMachines.ts");
          const { updateWatch } = await import("./commands/updateWatch.ts");
          return updateWatch(await chooseMachine(name, options, context), context);
        },
        { isOnlooker: true },
      ),
    );

  update
    .command("cancel")
    .argument(...MACHINE)
    .description("stop the update that goes on; the machine boots what it booted before")
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle update cancel edge-01", "it can be asked for again, and goes on"]]),
    )
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { chooseMachine } = await import("./chooseMachines.ts");
        const { updateCancel } = await import("./commands/updateCancel.ts");
        return updateCancel(await chooseMachine(name, options, context), context);
      }),
    );
}

function addHoldCommands(update: UpdateCommand, run: RunCommand): void {
  update
    .command("hold")
    .argument(...MACHINE)
    .description("keep a machine from being updated, until it is told otherwise")
    .requiredOption("--reason <text>", "what others are told who ask why")
    .addOption(
      new Option("--until <time>", "ends by itself at this time, or at the beginning of this day")
        .argParser(parseTimeOption)
        .conflicts("for"),
    )
    .option("--for <duration>", "ends by itself after 90m, 2h, 3d", parseDurationOption)
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ['socle update hold --for 2h --reason "measuring"', "until two hours from now"],
        ['socle update hold edge-01 --reason "fair until Sunday"', "until socle update unhold"],
      ]),
    )
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { chooseMachine } = await import("./chooseMachines.ts");
        const { updateHold } = await import("./commands/updateHold.ts");
        return updateHold(await chooseMachine(name, options, context), options, context);
      }),
    );

  update
    .command("unhold")
    .argument(...MACHINE)
    .description("end a hold; one of the machine's configuration stays")
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle update unhold edge-01", "updates may change it again"]]))
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { chooseMachine } = await import("./chooseMachines.ts");
        const { updateUnhold } = await import("./commands/updateHold.ts");
        return updateUnhold(await chooseMachine(name, options, context), context);
      }),
    );
}

export function addRollbackCommand(program: RootCommand, run: RunCommand): void {
  program
    .command("rollback")
    .argument(...MACHINE)
    .description("go back to the last good version beside the running one, and follow it")
    .option("--yes", "do not ask")
    .option("--no-reboot", "not now: the next boot starts it")
    .option("--dry-run", "show the plan, and change nothing")
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle rollback", "the machine that runs; data in /var stay"],
        ["socle rollback edge-01 --yes", "from a script"],
      ]),
    )
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachine } = await import("./chooseMachines.ts");
          const { rollback } = await import("./commands/rollback.ts");
          return rollback(await chooseMachine(name, options, context), options, context);
        },
        { isOnlooker: true },
      ),
    );
}
