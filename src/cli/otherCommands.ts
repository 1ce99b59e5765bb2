import { Argument } from "@commander-js/extra-typings";
import { CACHE_ACTIONS, SHELLS } from "./commandOptions.ts";
import { createFormatOption, renderExamples, type RootCommand, type RunCommand } from "./rootCommand.ts";

/** What keeps the tool itself in order. Each action loads its command only when it is called. */
export function addOtherCommands(program: RootCommand, run: RunCommand): void {
  program.commandsGroup("Other:");

  program
    .command("cache")
    .addArgument(
      new Argument("[action]", "show what it holds, prune what no build uses, or clear it")
        .choices(CACHE_ACTIONS)
        .default("show" as const),
    )
    .description("packages and build steps that are kept")
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle cache prune", "free what no build uses any more"]]))
    .action((action, _options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { cache } = await import("./commands/cache.ts");
        return cache({ action }, {}, context);
      }),
    );

  program
    .command("doctor")
    .description("whether this host can build and boot, and what to do if not")
    .addOption(createFormatOption())
    .addHelpText("after", renderExamples([["socle doctor", "look before the first build"]]))
    .action((_options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { doctor } = await import("./commands/doctor.ts");
        return doctor({}, {}, context);
      }),
    );

  program
    .command("completion")
    .addArgument(new Argument("<shell>", "where to complete").choices(SHELLS))
    .description("print a script that completes commands in your shell")
    .addHelpText(
      "after",
      renderExamples([
        ['eval "$(socle completion bash)"', "in ~/.bashrc"],
        ["socle completion fish | source", "in ~/.config/fish/config.fish"],
      ]),
    )
    .action((shell, _options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { renderCompletionScript } = await import("./completion.ts");
        context.stdout(await renderCompletionScript(shell, context.projectRoot));
        return 0;
      }),
    );

  // What the completion scripts call.
  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .action((words, _options, command) =>
      run(command.optsWithGlobals(), async (context) => {
        const { completeWords } = await import("./completion.ts");
        context.stdout(await completeWords(program, words, process.cwd()));
        return 0;
      }),
    );
}
