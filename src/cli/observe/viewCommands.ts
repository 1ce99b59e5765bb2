import { addUnitCommands } from "../controlCommands.ts";
import { createContextOption, createNodesOption, createWatchOption, MACHINE } from "../machineOptions.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "../rootCommand.ts";

/** Views without a choice: name, what it shows, what one may want to know. */
const VIEWS = [
  ["boots", "boots that the journal knows, with version and health", "which boot was the bad one?"],
  ["processes", "processes, by memory", "what fills the memory?"],
  ["disks", "disks, partitions, and room in mounted file systems", "is there room for an update?"],
  ["network", "interfaces, addresses, routes, name servers", "how does it reach the world?"],
  ["certificates", "the machine's, of who signs its callers, of whom its programs trust", "what ends soon?"],
  ["time", "the clock, and whether it follows a time server", "is its clock right?"],
] as const;

/** What a machine is at a moment. Each action loads its command only when it is called. */
export function addViewCommands(program: RootCommand, run: RunCommand): void {
  for (const [view, description, purpose] of VIEWS) {
    program
      .command(view)
      .argument(...MACHINE)
      .description(description)
      .addOption(createWatchOption())
      .addOption(createContextOption())
      .addOption(createNodesOption())
      .addOption(createFormatOption())
      .addHelpText(
        "after",
        renderExamples([
          [`socle ${view} edge-01`, purpose],
          [`socle ${view} -n edge-01,edge-02`, "of several, with a column for the machine"],
        ]),
      )
      .action((name, options, command) =>
        run(
          command.optsWithGlobals(),
          async (context) => {
            const { chooseMachines } = await import("../chooseMachines.ts");
            const { showNamedView } = await import("./showNamedView.ts");
            return showNamedView(view, await chooseMachines(name, options, context), options, context);
          },
          { isOnlooker: true },
        ),
      );
  }
  addSocketsCommand(program, run);
  addServicesCommand(program, run);
}

function addSocketsCommand(program: RootCommand, run: RunCommand): void {
  program
    .command("sockets")
    .argument(...MACHINE)
    .description("what listens, with process and unit")
    .option("--all", "connections too")
    .addOption(createWatchOption())
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle sockets edge-01 --all", "who is connected?"]]))
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachines } = await import("../chooseMachines.ts");
          const { showView } = await import("../view/showView.ts");
          const { socketsView } = await import("./runningViews.ts");
          const chosen = await chooseMachines(name, options, context);
          return showView(chosen, socketsView(options.all === true), options, context);
        },
        { isOnlooker: true },
      ),
    );
}

/** Its words are patterns, so the machine is an option. */
function addServicesCommand(program: RootCommand, run: RunCommand): void {
  const services = program
    .command("services")
    .argument("[pattern...]", "units whose name fits, such as 'ssh*' (default: *.service)")
    .description("units of systemd with state, memory and restarts")
    .addOption(createWatchOption())
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle services", "what runs, and what has failed"],
        ["socle services 'nginx*' '*.timer' --context edge-01", "some of them"],
        ["socle services 'nginx*' -n edge-01,edge-02", "of several machines"],
      ]),
    )
    .action((patterns, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachines } = await import("../chooseMachines.ts");
          const { showView } = await import("../view/showView.ts");
          const { servicesView } = await import("./runningViews.ts");
          const chosen = await chooseMachines(undefined, options, context);
          return showView(chosen, servicesView(patterns), options, context);
        },
        { isOnlooker: true },
      ),
    );
  addUnitCommands(services, run);
}
