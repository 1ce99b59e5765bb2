import { Option } from "@commander-js/extra-typings";

import { createContextOption, MACHINE } from "./machineOptions.ts";
import { parseDurationOption } from "./optionValues.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

/** Break glass. Each action loads its command only when it is called. */
export function addDebugCommands(program: RootCommand, run: RunCommand): void {
  const debug = program
    .command("debug")
    .argument(...MACHINE)
    .argument("[command...]", "after --, a program of the machine and its arguments (default: a shell)")
    .description("break glass: a session on a machine, recorded, for a time")
    .usage('[machine] --reason "…" [options] [-- command...]')
    .addOption(
      new Option("--for <duration>", "how long at most: 90s, 15m, 1h")
        .argParser(parseDurationOption)
        .default(parseDurationOption("15m"), "15m"),
    )
    .option("--reason <text>", "why; it is kept, and shown to everybody who asks for the status")
    .addOption(createContextOption())
    .addHelpText(
      "after",
      `${renderExamples([
        ['socle debug edge-01 --for 15m --reason "disk errors"', "a shell; exit or Ctrl-D ends it"],
        ['socle debug --reason "who is it?" -- nslookup edge-02', "one program, and its output"],
        ["socle debug list edge-01", "who had sessions, when, and where they are recorded"],
      ])}\n\nOnly where the definition of the machine allows it. From the first session on the machine says\n"not pristine", until it is imaged anew.`,
    )
    .action((name, words, options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { chooseMachine } = await import("./chooseMachines.ts");
        const { debugMachine } = await import("./debug/debugMachine.ts");
        const { splitWords } = await import("./debug/splitWords.ts");
        const operands = [...(name === undefined ? [] : [name]), ...words];
        const { machine, command: program_ } = splitWords(operands, process.argv);
        return debugMachine(await chooseMachine(machine, options, context), program_, options, context);
      }),
    );
  debug
    .command("list")
    .argument(...MACHINE)
    .description("sessions that a machine had, the newest first")
    .addOption(createFormatOption())
    .addHelpText(
      "after",
      renderExamples([["socle debug list edge-01", "then: socle files cat PATH, for what it showed"]]),
    )
    .action((name, _options, command) => {
      // Which machine is an option of `debug`.
      const options = command.optsWithGlobals();
      return run(
        options,
        async (context) => {
          const { chooseMachine } = await import("./chooseMachines.ts");
          const { listDebugSessions } = await import("./debug/listDebugSessions.ts");
          return listDebugSessions(await chooseMachine(name, options, context), context);
        },
        { isOnlooker: true },
      );
    });
}
