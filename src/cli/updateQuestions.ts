import type { Command, OptionValues } from "@commander-js/extra-typings";

import { createContextOption, createNodesOption, createWatchOption, MACHINE } from "./machineOptions.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

/** How a machine of `socle vm` reaches `socle serve` on this host. */
export const HERE = "http://10.0.2.2:8080/";

export type UpdateCommand = ReturnType<RootCommand["command"]>;

/** Which release is meant: the same for every command that asks about one. */
export function withTarget<
  Arguments extends unknown[],
  Options extends OptionValues,
  Globals extends OptionValues,
>(command: Command<Arguments, Options, Globals>) {
  return command
    .option("--repository <url>", "as the machine reaches it (default: the one that it is configured for)")
    .option("--channel <name>", "where to look (default: the configured one)")
    .option("--release <version>", "this one (default: the newest, or the one that is pinned)")
    .option("--allow-downgrade", "let it be older than what runs; never older than the floor")
    .option("--retry", "let it be a build that failed on this machine");
}

/** What asks and changes nothing. Each action loads its command only when it is called. */
export function addUpdateQuestions(update: UpdateCommand, run: RunCommand): void {
  update
    .command("check")
    .argument(...MACHINE)
    .description("ask a repository for something newer; the machine checks it and writes nothing")
    .option("--repository <url>", "as the machine reaches it (default: the one that it is configured for)")
    .option("--channel <name>", "where to look (default: the configured one)")
    .addOption(createContextOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle update check edge-01", "at the repository that it is configured for"],
        [`socle update check --repository ${HERE}`, "this host's socle serve, seen from socle vm"],
      ]),
    )
    .action((name, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { chooseMachine } = await import("./chooseMachines.ts");
        const { updateCheck } = await import("./commands/updateCheck.ts");
        return updateCheck(await chooseMachine(name, options, context), options, context);
      }),
    );

  withTarget(
    update
      .command("plan")
      .argument(...MACHINE)
      .description("what an update would do: slot, bytes, packages, units, the way back"),
  )
    .addOption(createContextOption())
    .addOption(createNodesOption())
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
        const { chooseMachines } = await import("./chooseMachines.ts");
        const { createPlanView } = await import("./commands/updatePlan.ts");
        const { showView } = await import("./view/showView.ts");
        return showView(await chooseMachines(name, options, context), createPlanView(options), {}, context);
      }),
    );

  withTarget(
    update
      .command("why")
      .argument(...MACHINE)
      .description("every gate between a machine and the newest release, and when it opens"),
  )
    .addOption(createContextOption())
    .addOption(createNodesOption())
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
        const { chooseMachines } = await import("./chooseMachines.ts");
        const { createWhyView } = await import("./commands/updateWhy.ts");
        const { showView } = await import("./view/showView.ts");
        return showView(await chooseMachines(name, options, context), createWhyView(options), {}, context);
      }),
    );

  update
    .command("status")
    .argument(...MACHINE)
    .description("where updates stand: what runs, what is there beside it, what goes on")
    .addOption(createWatchOption())
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle update status --watch 5", "again every five seconds"],
        ["socle update status -n edge-01,edge-02", "several, a line each"],
      ]),
    )
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachines } = await import("./chooseMachines.ts");
          const { updateStatusView } = await import("./commands/updateStatus.ts");
          const { showView } = await import("./view/showView.ts");
          return showView(await chooseMachines(name, options, context), updateStatusView, options, context);
        },
        { isOnlooker: true },
      ),
    );
}
