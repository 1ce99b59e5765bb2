import { Option, type Command, type OptionValues } from "@commander-js/extra-typings";
import { parseDurationOption, parseTimeOption } from "./optionValues.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

const MACHINE = ["[machine]", "a running machine; not needed when there is one only"] as const;
/** How a machine of `socle vm` reaches `socle serve` on this host. */
const HERE = "http://10.0.2.2:8080/";

/** Updates of a machine that runs. Each action loads its command only when it is called. */
export function addUpdateCommands(program: RootCommand, run: RunCommand): void {
  const update = createUpdateCommand(program);
  addQuestions(update, run);
  addApplyCommand(update, run);
  addFollowCommands(update, run);
  addHoldCommands(update, run);
}

function createUpdateCommand(program: RootCommand) {
  return program.command("update").description("what is there to update a machine to, and doing it");
}

type UpdateCommand = ReturnType<typeof createUpdateCommand>;

/** Which release is meant: the same for every command that asks about one. */
function withTarget<Arguments extends unknown[], Options extends OptionValues, Globals extends OptionValues>(
  command: Command<Arguments, Options, Globals>,
) {
  return command
    .option("--repository <url>", "as the machine reaches it (default: the one that it is configured for)")
    .option("--channel <name>", "where to look (default: the configured one)")
    .option("--release <version>", "this one (default: the newest, or the one that is pinned)")
    .option("--allow-downgrade", "let it be older than what runs; never older than the floor")
    .option("--retry", "let it be a build that failed on this machine");
}

function addQuestions(update: UpdateCommand, run: RunCommand): void {
  update
    .command("check")
    .argument(...MACHINE)
    .description("ask a repository for something newer; the machine checks it and writes nothing")
    .requiredOption("--repository <url>", "the folder with metadata/ and targets/, as the machine reaches it")
    .option("--channel <name>", "where to look", "stable")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle update check --repository https://updates.example.org/", "the machine that runs"],
        [`socle update check --repository ${HERE}`, "this host's socle serve, seen from socle vm"],
      ]),
    )
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { findMachineAccess } = await import("./findMachineAccess.ts");
        const { updateCheck } = await import("./commands/updateCheck.ts");
        return updateCheck(await findMachineAccess(name, context), options, context);
      }),
    );

  withTarget(
    update
      .command("plan")
      .argument(...MACHINE)
      .description("what an update would do: slot, bytes, packages, units, the way back"),
  )
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle update plan", "to the newest release of the configured channel"],
        ["socle update plan edge-01 --release 1.1", "to this one"],
      ]),
    )
    .addHelpText("after", "\nExits as apply would: not 0 when the update would be refused.")
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { findMachineAccess } = await import("./findMachineAccess.ts");
        const { updatePlan } = await import("./commands/updatePlan.ts");
        return updatePlan(await findMachineAccess(name, context), options, context);
      }),
    );

  withTarget(
    update
      .command("why")
      .argument(...MACHINE)
      .description("every gate between a machine and the newest release, and when it opens"),
  )
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle update why", "why does it not run the newest?"],
        ["socle update why edge-01 -o json", "for a program"],
      ]),
    )
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { findMachineAccess } = await import("./findMachineAccess.ts");
        const { updateWhy } = await import("./commands/updateWhy.ts");
        return updateWhy(await findMachineAccess(name, context), options, context);
      }),
    );
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
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle update apply", "to the newest release of the configured channel"],
        ["socle update apply edge-01 --yes --no-reboot", "from a script; restarted later"],
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
          const { findMachineAccess } = await import("./findMachineAccess.ts");
          const { updateApply } = await import("./commands/updateApply.ts");
          return updateApply(await findMachineAccess(name, context), options, context);
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
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle update watch edge-01", "after Ctrl-C, or for an automatic one"]]),
    )
    .action((name, _options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { findMachineAccess } = await import("./findMachineAccess.ts");
          const { updateWatch } = await import("./commands/updateWatch.ts");
          return updateWatch(await findMachineAccess(name, context), context);
        },
        { isOnlooker: true },
      ),
    );

  update
    .command("cancel")
    .argument(...MACHINE)
    .description("stop the update that goes on; the machine boots what it booted before")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle update cancel edge-01", "it can be asked for again, and goes on"]]),
    )
    .action((name, _options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { findMachineAccess } = await import("./findMachineAccess.ts");
        const { updateCancel } = await import("./commands/updateCancel.ts");
        return updateCancel(await findMachineAccess(name, context), context);
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
        const { findMachineAccess } = await import("./findMachineAccess.ts");
        const { updateHold } = await import("./commands/updateHold.ts");
        return updateHold(await findMachineAccess(name, context), options, context);
      }),
    );

  update
    .command("unhold")
    .argument(...MACHINE)
    .description("end a hold; one of the machine's configuration stays")
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle update unhold edge-01", "updates may change it again"]]))
    .action((name, _options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { findMachineAccess } = await import("./findMachineAccess.ts");
        const { updateUnhold } = await import("./commands/updateHold.ts");
        return updateUnhold(await findMachineAccess(name, context), context);
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
          const { findMachineAccess } = await import("./findMachineAccess.ts");
          const { rollback } = await import("./commands/rollback.ts");
          return rollback(await findMachineAccess(name, context), options, context);
        },
        { isOnlooker: true },
      ),
    );
}
