import { Option } from "@commander-js/extra-typings";
import { FIRMWARES } from "./commandOptions.ts";
import { addControlCommands } from "./controlCommands.ts";
import { addDebugCommands } from "./debugCommands.ts";
import { createContextOption, createNodesOption, createWatchOption, MACHINE } from "./machineOptions.ts";
import { addObserveCommands } from "./observeCommands.ts";
import {
  collectOption,
  parseCpusOption,
  parseForwardOption,
  parsePortOption,
  parseSizeOption,
} from "./optionValues.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";
import { addRollbackCommand, addUpdateCommands } from "./updateCommands.ts";

/** Machines that run. Each action loads its command only when it is called. */
export function addMachineCommands(program: RootCommand, run: RunCommand): void {
  program.commandsGroup("Machine:");

  program
    .command("vm")
    .argument("[target]", "a release or a definition; the one in this folder when absent")
    .description("boot a system in QEMU, on an overlay that leaves the image as it is")
    .addOption(
      new Option("--firmware <kind>", "uefi: with the boot loader; direct: the kernel alone, faster")
        .choices(FIRMWARES)
        .default("uefi" as const),
    )
    .option("--secure-boot", "enrol the keys of the release in the firmware, and let nothing else start")
    .option("--keys <folder>", "those keys (default: as for socle build)")
    .addOption(
      new Option("--memory <size>", "of the machine")
        .argParser(parseSizeOption)
        .default(parseSizeOption("1G"), "1G"),
    )
    .option("--cpus <count>", "of the machine", parseCpusOption, 2)
    .option("--disk-size <size>", "a larger disk than the image, to grow into", parseSizeOption)
    .addOption(
      new Option("--forward <host:guest>", "lead a port of this host to the machine; repeatable")
        .argParser(parseForwardOption)
        .default([], "none"),
    )
    .option("--port <port>", "port of this host for the agent (default: a free one)", parsePortOption)
    .option("--serial <file>", "keep what the machine says on its serial console")
    .option("--name <name>", "what socle status calls it")
    .option("--config <file>", "give it this machine configuration")
    .option("--drive <image>", "another disk, which it can only read; repeatable", collectOption)
    .option("--maintenance", "hand it no keys: it waits for its first configuration")
    .option("--once", "stop as soon as it is healthy")
    .addHelpText(
      "after",
      renderExamples([
        ["socle vm", "boot what was built here; Ctrl-C stops it"],
        ["socle vm --firmware direct --once", "the quickest way to see whether it boots"],
        ["socle vm --secure-boot", "with a firmware that starts signed code only"],
        ["socle vm --forward 8080:80", "reach its web server at 127.0.0.1:8080"],
        ["socle vm --maintenance", "a machine that nobody is let in to yet: socle config apply --insecure"],
      ]),
    )
    .action((target, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { vm } = await import("./commands/vm.ts");
        return vm({ target }, options, context);
      }),
    );

  program
    .command("status")
    .argument(...MACHINE)
    .description("what runs and what comes next: version, slots, updates, seal, health")
    .addOption(createWatchOption())
    .addOption(createContextOption())
    .addOption(createNodesOption())
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([
        ["socle status", "the machine that runs"],
        ["socle status edge-01 -o json", "for a program"],
        ["socle status -n edge-01,edge-02 --watch", "several at once, a line each, live"],
      ]),
    )
    .action((name, options, command) =>
      run(
        command.optsWithGlobals(),
        async (context) => {
          const { chooseMachines } = await import("./chooseMachines.ts");
          const { statusView } = await import("./commands/status.ts");
          const { showView } = await import("./view/showView.ts");
          return showView(await chooseMachines(name, options, context), statusView, options, context);
        },
        { isOnlooker: true },
      ),
    );

  addObserveCommands(program, run);
  addUpdateCommands(program, run);
  addRollbackCommand(program, run);
  addControlCommands(program, run);
  addDebugCommands(program, run);

  // What `npm start` calls; not a verb to learn.
  program
    .command("start", { hidden: true })
    .description("build the example system, boot it and show it")
    .option("--once", "stop as soon as it is healthy")
    .action((options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { start } = await import("./commands/start.ts");
        return start({}, options, context);
      }),
    );
}
