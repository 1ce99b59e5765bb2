import { createContextOption, createNodesOption, MACHINE } from "./machineOptions.ts";
import { parseEventKinds } from "./observe/eventKinds.ts";
import { addFileCommands } from "./observe/fileCommands.ts";
import { addLogCommands } from "./observe/logCommands.ts";
import { addViewCommands } from "./observe/viewCommands.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

/** What a machine shows of itself; nothing here changes it. Each action loads its command only when it is called. */
export function addObserveCommands(program: RootCommand, run: RunCommand): void {
  addLogCommands(program, run);
  addViewCommands(program, run);
  addFileCommands(program, run);
  addLiveCommands(program, run);
}

function addLiveCommands(program: RootCommand, run: RunCommand): void {
  program
    .command("events")
    .argument(...MACHINE)
    .description("everything that changes on a machine, from now on")
    .option(
      "--only <kinds>",
      "of these kinds: update,configuration,control,access,debug,unit",
      parseEventKinds,
    )
    .option("-f, --follow", "until Ctrl-C, as without it: there are no old ones")
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle events edge-01 -f -o json", "for a program"],
        [
          "socle events -n edge-01,edge-02 --only unit,control",
          "of several: what fails, and what is asked of them",
        ],
      ]),
    )
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachines } = await import("./chooseMachines.ts");
          const { showEvents } = await import("./observe/showEvents.ts");
          const { showLinesOf } = await import("./observe/showLinesOf.ts");
          const { only } = options;
          const show: Parameters<typeof showLinesOf>[1] = (machine, own) =>
            showEvents(machine, only === undefined ? {} : { only }, own);
          return showLinesOf(await chooseMachines(name, options, context), show, context);
        },
        { isOnlooker: true },
      ),
    );

  program
    .command("dashboard")
    .argument(...MACHINE)
    .description("a live view of one machine: slots, health, load, services, log")
    .addOption(createContextOption())
    .addHelpText("after", renderExamples([["socle dashboard edge-01", "1 to 5 views, ? help, q quit"]]))
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachine } = await import("./chooseMachines.ts");
          const { showDashboard } = await import("./dashboard/runDashboard.ts");
          return showDashboard(await chooseMachine(name, options, context), context);
        },
        { isOnlooker: true },
      ),
    );
}
